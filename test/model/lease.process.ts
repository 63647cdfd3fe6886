import { askOf } from '../../src/lease/asks.ts';
import type { Ask, AskingEffect } from '../../src/lease/asks.ts';
import { initialState, step } from '../../src/lease/machine.ts';
import type { Effect, Event, Moment, State, Trouble } from '../../src/lease/state.ts';
import { decodeWindow } from '../../src/lease/values.ts';
import type { Permit } from '../../src/snowflake/permit.ts';
import {
  at,
  DOMAIN,
  forget,
  KEYS,
  LATE,
  LEASE_MS,
  leaseOf,
  RESTED_MS,
  RULES,
  WALLS,
} from './lease.bounds.ts';
import type { Minted } from './lease.log.ts';
import { accept, lastOf, mint } from './lease.minting.ts';
import type { Minting } from './lease.minting.ts';
import { execute, expire } from './lease.store.ts';
import type { Store } from './lease.store.ts';

/** Where a weakness is planted; `SOUND` has none. */
export interface Parts {
  readonly step: typeof step;
  readonly ask: (effect: AskingEffect) => Ask;
  /** What a process makes of an answer, given the window as its survey showed it. */
  readonly hear?: (event: Event, surveyedMs: number) => Event;
  /** What the worker does with a permit. */
  readonly permit: (minting: Minting, permit: Permit) => Minting;
  /** Whether the worker stops its generator before it releases. */
  readonly stopsToRelease: boolean;
  /** Whether the store may be put back to what it was at first. */
  readonly restores: boolean;
}

export const SOUND: Parts = {
  step,
  ask: (effect) => askOf(effect, { keys: KEYS, text: DOMAIN }, { name: 'host', wallMs: 0 }),
  permit: accept,
  stopsToRelease: true,
  restores: false,
};

export interface Process {
  /** Times and call numbers forgotten. */
  readonly machine: State;
  readonly minting?: Minting | undefined;
  /** What the machine waits for, and the answers that may reach it. */
  readonly asked?: AskingEffect | undefined;
  readonly heard: readonly Event[];
  readonly surveyedMs: number;
}

/** Looks for a node. Restarted processes, and those that lost their claim, are back here. */
export const started = (parts: Parts): Process =>
  play(parts, { machine: initialState(), heard: [], surveyedMs: 0 }, { on: 'tick' }, at(0));

/** One event, and what follows from it without waiting for the store. */
function play(parts: Parts, process: Process, event: Event, now: Moment): Process {
  const { state, effects } = parts.step(process.machine, event, now, RULES);
  const isWaiting = awaited(state) === 1;
  if (!isWaiting) checkStale(parts, process.heard, state);
  if (state.at === 'released' || state.at === 'halted') return started(parts);
  let next: Process = { ...process, machine: forget(state) };
  if (!isWaiting) next = { ...next, asked: undefined, heard: [] };
  let follows: Event | undefined = goesOn(state) ? { on: 'tick' } : undefined;
  for (const effect of effects) {
    if (effect.do === 'renew') follows = { on: 'renewed', call: 1, ttlMs: LEASE_MS };
    else if (effect.do === 'open-lease')
      follows = { on: 'lease-opened', call: 1, leaseId: leaseOf(now.nonce), ttlMs: LEASE_MS };
    else next = obey(parts, next, effect);
  }
  return follows === undefined ? next : play(parts, next, follows, { ...now, monotonicMs: 0 });
}

/** What `worker.ts` does with its generator; and a call to the store is one that may be answered. */
function obey(parts: Parts, process: Process, effect: Effect): Process {
  const { minting } = process;
  if (effect.do === 'tell-claimed') return { ...process, minting: { incarnation: effect.incarnation } };
  if (effect.do === 'tell-lost') return { ...process, minting: undefined };
  if (effect.do === 'tell-permit' && minting !== undefined)
    return { ...process, minting: parts.permit(minting, effect.permit) };
  return isAsking(effect) ? { ...process, asked: forget(effect) } : process;
}

const ASKING = ['survey', 'claim', 'settle-claim', 'grant', 'settle', 'release', 'settle-release'];

function isAsking(effect: Effect): effect is AskingEffect {
  return ASKING.includes(effect.do);
}

/** Number of the call the machine waits for. */
function awaited(state: State): number | undefined {
  if (state.at === 'acquiring') return 'call' in state.step ? state.step.call : undefined;
  if (state.at === 'releasing') return state.release.call.id;
  return 'hold' in state && state.at !== 'stopped' ? state.hold.call?.id : undefined;
}

/** Whether a wait is all that stands before the next request; that it ends is as good as now. */
function goesOn(state: State): boolean {
  if (state.at === 'lost') return true;
  if (state.at === 'acquiring') return 'dueMs' in state.step;
  if (state.at === 'releasing') return state.release.dueMs !== undefined;
  return 'hold' in state && state.at !== 'stopped' && state.hold.call === undefined && state.hold.unsettled;
}

/** Answers to a call that is not waited for any more are forgotten here: the machine itself must do so too. */
function checkStale(parts: Parts, heard: readonly Event[], state: State): void {
  for (const event of heard) {
    const { state: after, effects } = parts.step(state, event, at(0), RULES);
    if (effects.length > 0 || JSON.stringify(forget(after)) !== JSON.stringify(forget(state)))
      throw new Error(`an answer nobody waits for was believed: ${JSON.stringify(event)}`);
  }
}

/** CLAIM, after a survey that may be old: claims it saw may be gone, claims it did not see may be there. */
export function claim(parts: Parts, process: Process, nonce: string, surveyed: Store): Process {
  const { asked } = process;
  if (asked?.do !== 'survey') throw new RangeError('no survey is asked for');
  const unclaimed = expire(surveyed, surveyed.entries[KEYS.claim(0)]?.leaseId ?? '');
  const answer = answerOf(parts, asked, unclaimed);
  const window = decodeWindow(surveyed.entries[KEYS.window(0)]!.value)!;
  const surveyedMs = parts.hear === undefined ? 0 : window.untilMs;
  return play(parts, { ...process, surveyedMs }, answer, { ...at(RESTED_MS), nonce });
}

/** The process with the answer to what it asks, as the store would give it now, on its way. */
export function hear(parts: Parts, process: Process, store: Store): Process {
  const { asked, heard, surveyedMs } = process;
  if (asked === undefined) throw new RangeError('nothing is asked');
  const event = answerOf(parts, asked, store);
  const texts = [...heard, forget(parts.hear?.(event, surveyedMs) ?? event)].map((each) =>
    JSON.stringify(each),
  );
  return { ...process, heard: [...new Set(texts)].sort().map((text) => JSON.parse(text) as Event) };
}

function answerOf(parts: Parts, asked: AskingEffect, store: Store): Event {
  const ask = parts.ask(asked);
  const transaction = 'send' in ask ? ask.send : { when: [], then: ask.look, otherwise: [] };
  const { answer } = execute(store, transaction);
  return answer.at === 'answered' ? ask.judge(answer.value) : trouble('lease-gone');
}

const trouble = (why: Trouble['why']): Event => ({ on: 'failed', call: 1, trouble: { why, detail: '' } });

export interface Move {
  readonly name: string;
  readonly to: Process;
  readonly minted?: Minted;
}

/** Everything one process may do next by itself, or hear. */
export function* movesOf(parts: Parts, process: Process): Generator<Move> {
  const { machine, asked, heard, minting } = process;
  const on = (name: string, event: Event, now: Moment): Move => ({
    name,
    to: play(parts, process, event, now),
  });
  yield { name: 'crashes', to: started(parts) };
  for (const event of heard)
    for (const wall of WALLS) yield on(`hears ${summaryOf(event)} at ${wall}`, event, at(wall));
  if (asked !== undefined && asked.do !== 'survey') {
    yield on('gives an answer up', trouble('unanswered'), at(0));
    yield on('hears that the store is full', trouble('full'), at(0));
  }
  if ('hold' in machine) {
    if (machine.hold.call === undefined)
      for (const wall of WALLS) yield on(`renews at ${wall}`, { on: 'tick' }, at(wall));
    yield on('finds its deadline passed', { on: 'tick' }, LATE);
    yield on('is told to stop', { on: 'stop' }, at(0));
    const event = {
      on: 'release',
      incarnation: machine.hold.incarnation,
      lastTimestampMs: lastOf(minting),
    } as const;
    const releasing = parts.stopsToRelease ? { ...process, minting: undefined } : process;
    yield { name: 'releases', to: play(parts, releasing, event, at(0)) };
  }
  if (minting === undefined) return;
  for (const { to, minted } of mint(minting))
    yield { name: `mints ${to.lastMs}`, to: { ...process, minting: to }, minted };
}

function summaryOf(event: Event): string {
  if (!('verdict' in event)) return event.on;
  return `${event.on} ${typeof event.verdict === 'string' ? event.verdict : event.verdict.at}`;
}
