import type { Clock } from '../../clock.ts';
import { describeError, ERROR } from '../wire/errors.ts';
import { findCoordinator, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from '../wire/find-coordinator.ts';
import type { Coordinator } from '../wire/find-coordinator.ts';
import { askInTurn } from './ask-in-turn.ts';
import { STAGGER_MS } from './metadata.ts';
import { LinkError } from './port.ts';
import type { Link, Node } from './port.ts';

export type CoordinatorKind = 'group' | 'transaction';

export const BACKOFF_MIN_MS = 20;
export const BACKOFF_MAX_MS = 100;

export interface CoordinatorsOptions {
  readonly candidates: () => readonly Node[];
  readonly learn: (node: Node) => void;
  /** A link with purpose `metadata`. */
  readonly link: (node: Node) => Promise<Link>;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Codes with which asking again, or asking another broker, may help. */
const PASSING: ReadonlySet<number> = new Set([
  ERROR.COORDINATOR_LOAD_IN_PROGRESS,
  ERROR.COORDINATOR_NOT_AVAILABLE,
  ERROR.NOT_COORDINATOR,
]);

/** Between rounds: 20 ms, rising to 100, spread downwards to 20 again. `round` from 0, `spread` in [0, 1). PURE. */
export function backoffMs(round: number, spread: number): number {
  const top = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(round + 1, 10));
  return BACKOFF_MIN_MS + (top - BACKOFF_MIN_MS) * spread;
}

/** Who coordinates a group or a transactional id, until told that it no longer does. */
export class Coordinators {
  readonly #options: CoordinatorsOptions;
  readonly #known = new Map<string, number>();

  constructor(options: CoordinatorsOptions) {
    this.#options = options;
  }

  forget(kind: CoordinatorKind, key: string): void {
    this.#known.delete(`${kind}/${key}`);
  }

  async find(kind: CoordinatorKind, key: string, timeoutMs: number, signal?: AbortSignal): Promise<number> {
    const cached = this.#known.get(`${kind}/${key}`);
    if (cached !== undefined) return cached;
    const over = new AbortController();
    const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    const expiry = new AbortController();
    void this.#options.clock.sleep(timeoutMs, expiry.signal).then(() => {
      over.abort();
    });
    try {
      const found = await this.#search(kind, key, stop);
      this.#options.learn(found);
      this.#known.set(`${kind}/${key}`, found.nodeId);
      return found.nodeId;
    } finally {
      expiry.abort();
    }
  }

  async #search(kind: CoordinatorKind, key: string, stop: AbortSignal): Promise<Node> {
    const { clock, random } = this.#options;
    const stopped = whenAborted(stop);
    let last: unknown;
    for (let round = 0; !stop.aborted; round += 1) {
      const asking = askInTurn(this.#options.candidates(), (node) => this.#ask(node, kind, key), {
        staggerMs: STAGGER_MS,
        clock,
      });
      try {
        const found = await Promise.race([asking, stopped]);
        if (found !== undefined) return found;
      } catch (failure) {
        if (
          failure instanceof LinkError &&
          (failure.failure === 'refused' || failure.failure === 'unsupported')
        )
          throw failure;
        last = failure;
        await clock.sleep(backoffMs(round, random()), stop);
      }
    }
    const why = last instanceof Error ? last.message : 'no answer in time';
    throw new LinkError(
      'unreachable',
      -1,
      `${kind} coordinator of ${JSON.stringify(key)} not found: ${why}`,
      last,
    );
  }

  async #ask(node: Node, kind: CoordinatorKind, key: string): Promise<Node> {
    const link = await this.#options.link(node);
    const request = {
      keyType: kind === 'group' ? GROUP_COORDINATOR : TRANSACTION_COORDINATOR,
      coordinatorKeys: [key],
    } as const;
    const { coordinators } = await link.send(findCoordinator, request, {
      timeoutMs: this.#options.requestTimeoutMs,
    });
    const found = coordinators.find((coordinator) => coordinator.key === key);
    if (found?.errorCode === 0) return { nodeId: found.nodeId, host: found.host, port: found.port };
    throw declined(node, found);
  }
}

/** Anything but a passing error (not authorised, mostly) would be the same from every broker, for ever. */
function declined(node: Node, found: Coordinator | undefined): LinkError {
  const code = found?.errorCode ?? ERROR.COORDINATOR_NOT_AVAILABLE;
  const failure = PASSING.has(code) ? 'unreachable' : 'refused';
  return new LinkError(
    failure,
    node.nodeId,
    `node ${node.nodeId} answers ${describeError(code).name} (${code})`,
  );
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener(
      'abort',
      () => {
        resolve(undefined);
      },
      { once: true },
    );
  });
}
