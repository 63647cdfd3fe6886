import type { Ask, AskingEffect } from '../../src/lease/asks.ts';
import { step } from '../../src/lease/machine.ts';
import type { Effect } from '../../src/lease/state.ts';
import type { Compare, Operation, Transaction } from '../../src/lease/store.ts';
import { encodeWindow } from '../../src/lease/values.ts';
import { KEYS } from './lease.bounds.ts';
import { SOUND } from './lease.process.ts';
import type { Parts } from './lease.process.ts';

/** A rule taken out of the protocol, and how many CLAIMs the accident takes. */
export interface Weakened {
  readonly name: string;
  readonly parts: Parts;
  readonly claims: number;
  readonly prefix?: readonly string[];
}

/** A first incarnation mints under a window, and is gone without a release. */
export const USED_ONCE = [
  'a1 claims',
  'CLAIM of a1 arrives',
  'a1 hears claim-judged claimed at 0',
  'GRANT of a1 to 1 arrives',
  'a1 hears hold-judged ours at 0',
  'a1 mints 0',
  'a1 crashes',
  'lease of a1 ends',
];

/** The real transactions, with something changed in those of one kind. */
const sending =
  (what: AskingEffect['do'], change: (sent: Transaction, effect: AskingEffect) => Transaction) =>
  (effect: AskingEffect): Ask => {
    const ask = SOUND.ask(effect);
    return effect.do === what && 'send' in ask ? { ...ask, send: change(ask.send, effect) } : ask;
  };

const comparing = (sent: Transaction, keep: (compare: Compare) => boolean): Transaction => ({
  ...sent,
  when: sent.when.filter(keep),
});

/** The window as RELEASE leaves it, whatever the floor. */
function lastOnly(sent: Transaction, effect: AskingEffect): Transaction {
  if (effect.do !== 'release') return sent;
  const value = encodeWindow({ untilMs: effect.release.lastTimestampMs + 1, held: false });
  const then = sent.then.map((op): Operation => (op.do === 'put' ? { ...op, value } : op));
  return { ...sent, then };
}

/** The real machine, which however tells of a permit as soon as it asks for it. */
const hasty: typeof step = (state, event, now, rules) => {
  const result = step(state, event, now, rules);
  const effects = result.effects.flatMap((effect): Effect[] => {
    if (effect.do !== 'grant') return [effect];
    const { incarnation, untilMs } = effect;
    const permit = { incarnation, untilMs, deadlineMonotonicMs: 0, deadlineWallMs: 0 };
    return [{ do: 'tell-permit', permit }, effect];
  });
  return { ...result, effects };
};

export const WEAKENED: readonly Weakened[] = [
  {
    name: 'the generator runs on while its node is released',
    parts: { ...SOUND, stopsToRelease: false },
    claims: 2,
  },
  {
    name: 'a release before the first ID writes the last timestamp only, not the floor',
    parts: { ...SOUND, ask: sending('release', lastOnly) },
    claims: 3,
    prefix: USED_ONCE,
  },
  {
    name: 'a new permit starts the sequence afresh',
    parts: { ...SOUND, permit: ({ incarnation }, permit) => SOUND.permit({ incarnation }, permit) },
    claims: 1,
  },
  {
    name: 'the floor is what the survey saw, before the claim',
    parts: {
      ...SOUND,
      hear: (event, floorMs) =>
        event.on === 'claim-judged' && event.verdict.at === 'claimed'
          ? { ...event, verdict: { ...event.verdict, floorMs } }
          : event,
    },
    claims: 2,
  },
  {
    name: 'GRANT does not compare the claim',
    parts: {
      ...SOUND,
      ask: sending('grant', (sent) => comparing(sent, ({ key }) => key !== KEYS.claim(0))),
    },
    claims: 2,
  },
  {
    name: 'GRANT does not ask that the window rises',
    parts: { ...SOUND, ask: sending('grant', (sent) => comparing(sent, ({ is }) => is !== 'below')) },
    claims: 2,
  },
  { name: 'the store is restored from a backup', parts: { ...SOUND, restores: true }, claims: 2 },
  {
    name: 'the machine gives a permit for a GRANT that is not yet acknowledged',
    parts: { ...SOUND, step: hasty },
    claims: 2,
  },
];
