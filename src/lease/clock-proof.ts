import type { Clock } from '../clock.ts';
import type { ClockProof } from './state.ts';

/** How long a GRANT waits for a proof; the lease is not renewed meanwhile. */
const PROOF_MS = 2_000;
const UNAVAILABLE: ClockProof = { at: 'unavailable' };

/** A source that is missing, fails or takes too long proves nothing. */
export async function proveWithin(
  clock: Clock,
  prove: (() => Promise<ClockProof>) | undefined,
): Promise<ClockProof> {
  if (prove === undefined) return UNAVAILABLE;
  const done = new AbortController();
  const late = clock.sleep(PROOF_MS, done.signal).then(() => UNAVAILABLE);
  const proof = await Promise.race([prove().catch(() => UNAVAILABLE), late]);
  done.abort();
  return proof;
}
