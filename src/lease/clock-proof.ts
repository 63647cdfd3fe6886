import type { Clock } from '../clock.ts';
import type { ClockProof } from './state.ts';

/** How long a GRANT waits for a proof; the lease is not renewed meanwhile. */
const PROOF_MS = 2_000;
/** Between two readings of the beacon: at first short, as in a large fleet somebody speaks all the time. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 400;

export interface Witnesses {
  /** One question to the sources outside; undefined when there are none. */
  readonly external: (() => Promise<ClockProof>) | undefined;
  /** One reading of the beacon, and what it makes of all that was heard so far; undefined when nobody else is there. */
  readonly peers: (() => Promise<ClockProof>) | undefined;
}

/**
 * All witnesses at once; the first that vouches for the clock ends it. Those that are missing, fail or take too long prove
 * nothing; that the clock is off counts only in the end, since more peers may be heard until then.
 */
export async function prove(clock: Clock, { external, peers }: Witnesses): Promise<ClockProof> {
  const done = new AbortController();
  const said: ClockProof[] = [];
  const hear = async (asking: Promise<ClockProof>): Promise<boolean> => {
    const proof = await asking.catch((error: unknown): ClockProof => ({
      at: 'unavailable',
      why: error instanceof Error ? error.message : String(error),
    }));
    said.push(proof);
    if (proof.at === 'proven') done.abort();
    return proof.at === 'proven';
  };
  const asking = [
    ...(external === undefined ? [] : [hear(external())]),
    ...(peers === undefined ? [] : [listen(clock, () => hear(peers()), done.signal)]),
  ];
  await Promise.race([Promise.all(asking), clock.sleep(PROOF_MS, done.signal)]);
  done.abort();
  return verdict(said);
}

/** Reads again and again until told otherwise. */
async function listen(clock: Clock, read: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    await clock.sleep(pauseMs, signal);
    if (signal.aborted || (await read())) return;
  }
}

/** The last word of each witness stands behind those before it. */
function verdict(said: readonly ClockProof[]): ClockProof {
  const last = said.findLast(({ at }) => at === 'proven') ?? said.findLast(({ at }) => at === 'off');
  if (last !== undefined) return last;
  const why = [...new Set(said.map((proof) => (proof.at === 'unavailable' ? (proof.why ?? '') : '')))];
  return { at: 'unavailable', why: why.filter((text) => text !== '').join('; ') || 'nobody to compare with' };
}
