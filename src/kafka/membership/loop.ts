import type { GroupIdentity, Membership, OwnershipToken } from './port.ts';
import { withDefaults, type MembershipOptions, type Settings } from './options.ts';
import { Run } from './run.ts';

/** Membership over the classic group protocol: cooperative (KIP-429), static with a `groupInstanceId` (KIP-345). */
export function createMembership(options: MembershipOptions): Membership {
  return new ClassicMembership(withDefaults(options));
}

class ClassicMembership implements Membership {
  readonly #settings: Settings;
  #topics: readonly string[];
  #run: Run | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#topics = settings.topics;
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#run !== undefined) throw new RangeError('this membership is running already');
    if (signal.aborted) return;
    const run = new Run(this.#settings);
    this.#run = run;
    try {
      await run.until(signal, this.#topics);
    } finally {
      this.#run = undefined;
    }
  }

  identity(): GroupIdentity | undefined {
    return this.#run?.identity.current;
  }

  async successor(
    refused: GroupIdentity,
    tokens: readonly OwnershipToken[],
    timeoutMs: number,
  ): Promise<GroupIdentity | undefined> {
    const run = this.#run;
    if (run === undefined) return undefined;
    suspectIn(run, refused);
    return run.identity.successor(refused, tokens, timeoutMs);
  }

  suspect(refused: GroupIdentity): void {
    if (this.#run !== undefined) suspectIn(this.#run, refused);
  }

  subscribe(topics: readonly string[]): void {
    this.#topics = [...topics];
    this.#settings.cluster.watch(topics);
    this.#run?.dispatch({ on: 'subscribe', topics: this.#topics });
  }
}

function suspectIn(run: Run, { generationId, memberId }: GroupIdentity): void {
  run.dispatch({ on: 'suspected', generation: generationId, memberId });
}
