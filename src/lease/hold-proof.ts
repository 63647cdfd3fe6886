import { beginGrant, holding } from './hold-ask.ts';
import type { LeaseFact } from './port.ts';
import { kept } from './state.ts';
import type { ClockProof, Hold, Holding, Moment, Rules, Step } from './state.ts';

const PROOF_RETRY_MS = 1_000;
/** Whoever lives grants within a refresh period, and this. */
const PEER_SLACK_MS = 500;
const NOBODY = 'nobody to compare with';

/**
 * Without a proof, `auto` goes on for a clock that was never doubted and where nobody speaks who could know better; all
 * else waits. Whatever a witness says, a clock that most peers call wrong is granted nothing.
 */
export function proved(state: Holding, hold: Hold, proof: ClockProof, now: Moment, rules: Rules): Step {
  const { node } = hold.incarnation;
  const contradicted = now.clock?.mayGrant === false;
  if (proof.at === 'proven' && !contradicted) {
    const sure = { ...kept(state), doubted: false };
    const begun = beginGrant(sure, { ...hold, proofWanted: false, unproven: undefined }, now, rules);
    return noting({ fact: 'clock-proven', node, by: proof.by ?? 'a source' }, begun);
  }
  const silentMs = now.monotonicMs - hold.claimedMs;
  const patient = hold.others && silentMs < rules.refreshMs + PEER_SLACK_MS;
  if (proof.at === 'unavailable' && rules.clockProof === 'auto' && !state.doubted && !patient) {
    const begun = beginGrant(kept(state), { ...hold, proofWanted: false, unproven: undefined }, now, rules);
    return noting({ fact: 'clock-unproven', node, why: proof.why ?? NOBODY }, begun);
  }
  // Somebody may yet speak: nothing to tell of.
  const early = patient && proof.at === 'unavailable';
  const unproven = early ? hold.unproven : wordsFor(proof, contradicted);
  const dueMs = early ? now.monotonicMs : now.monotonicMs + PROOF_RETRY_MS;
  const waiting: Step = { state: holding(kept(state), { ...hold, dueMs, unproven }), effects: [] };
  if (unproven === undefined || unproven === hold.unproven) return waiting;
  return proof.at === 'off'
    ? noting({ fact: 'clock-off', node, byMs: proof.byMs, by: proof.by ?? 'a source' }, waiting)
    : noting({ fact: 'clock-awaited', node, why: unproven }, waiting);
}

function wordsFor(proof: ClockProof, contradicted: boolean): string {
  if (contradicted) return 'most peers call the clock wrong';
  return proof.at === 'off' ? `off, by ${proof.by ?? 'a source'}` : ('why' in proof && proof.why) || NOBODY;
}

const noting = (fact: LeaseFact, { state, effects }: Step): Step => ({
  state,
  effects: [{ do: 'note', fact }, ...effects],
});
