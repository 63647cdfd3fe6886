import type { Clock } from '../clock.ts';
import type { GroupIdentity, Membership } from '../kafka/membership/port.ts';
import type { AbortReason, TransactionOutcome } from '../kafka/transaction/port.ts';
import { movingParts, type Draft } from './draft.ts';
import { carriedBy } from './intent.ts';
import type { Minter, Observe, PipelineSettings } from './port.ts';
import type { Refusals } from './refusals.ts';

/**
 * What the stamper does next. `go-on`: it went well; `again`: at once; `pause`: soon; `shrink`: the transaction ended
 * itself, for want of time unless somebody asked it to; `recover`: the epoch has ended.
 */
export type Verdict =
  | { readonly then: 'go-on' | 'again' | 'pause' | 'shrink' | 'recover' }
  | { readonly then: 'fenced'; readonly why: string }
  | { readonly then: 'fatal'; readonly errorCode: number; readonly why: string };

const AFTER_ABORT = {
  refused: 'again',
  asked: 'shrink',
  ownership: 'pause',
  group: 'pause',
} as const satisfies Record<AbortReason, Verdict['then']>;

/** The outcome of a draft that held nothing to tell Kafka. */
export const NOTHING = { result: 'nothing' } as const;

/** Applies the outcome of one transaction to the partitions it held. */
export class Settlement {
  readonly #clock: Clock;
  readonly #minter: Minter;
  readonly #membership: Membership;
  readonly #refusals: Refusals;
  readonly #retry: PipelineSettings['retry'];
  readonly #observe: Observe;

  constructor(deps: {
    clock: Clock;
    minter: Minter;
    membership: Membership;
    refusals: Refusals;
    settings: PipelineSettings;
    observe: Observe;
  }) {
    this.#clock = deps.clock;
    this.#minter = deps.minter;
    this.#membership = deps.membership;
    this.#refusals = deps.refusals;
    this.#retry = deps.settings.retry;
    this.#observe = deps.observe;
  }

  settle(
    draft: Draft,
    outcome: TransactionOutcome | typeof NOTHING,
    identity: GroupIdentity,
    startedMs: number,
  ): Verdict {
    const seconds = (this.#clock.now().monotonicMs - startedMs) / 1_000;
    switch (outcome.result) {
      case 'nothing':
        rewind(draft);
        return { then: 'pause' };
      case 'committed':
        this.#observe({ fact: 'transaction', result: 'committed', seconds, why: '' });
        this.#committed(draft, outcome.produced);
        return { then: 'go-on' };
      case 'aborted':
        this.#observe({ fact: 'transaction', result: 'aborted', seconds, why: outcome.why });
        rewind(draft);
        this.#refusals.apply(draft, outcome.refusals);
        this.#suspect(identity, outcome.groupError);
        return { then: AFTER_ABORT[outcome.why] };
      case 'doubtful':
        this.#observe({ fact: 'transaction', result: 'doubtful', seconds, why: outcome.why });
        rewind(draft);
        this.#refusals.apply(draft, outcome.refusals);
        this.#suspect(identity, outcome.groupError);
        this.#doubted(draft, outcome.why);
        return { then: 'recover' };
      case 'fenced':
        this.#observe({ fact: 'transaction', result: 'doubtful', seconds, why: outcome.why });
        return { then: 'fenced', why: outcome.why };
      case 'fatal':
        return { then: 'fatal', errorCode: outcome.errorCode, why: outcome.why };
    }
  }

  #committed(draft: Draft, produced: Parameters<typeof carriedBy>[2]): void {
    for (const part of movingParts(draft)) {
      part.partition.committed(part.next, part.nextEpoch, carriedBy(part, this.#minter, produced));
      const { stamped, headerOnly, kept, deadLettered, mapped, unmapped } = part;
      const { name: route } = part.partition.route;
      const counts = { stamped, headerOnly, kept, deadLettered, mapped, unmapped };
      this.#observe({ fact: 'committed', route, ...counts });
    }
  }

  /** Rule 5: doubtful all alone is as good as named. */
  #doubted(draft: Draft, why: string): void {
    const [part, ...others] = movingParts(draft);
    if (part !== undefined && others.length === 0)
      part.partition.sideline(this.#clock.now().monotonicMs, this.#retry, why);
  }

  #suspect(identity: GroupIdentity, groupError: number): void {
    if (groupError !== 0) this.#membership.suspect(identity, groupError);
  }
}

/** Back to the position. What an answer brought from below it, if ever, is let go: it would take up room for good. */
function rewind(draft: Draft): void {
  for (const { partition } of draft.parts.values()) partition.inflow.settle(partition.position);
}
