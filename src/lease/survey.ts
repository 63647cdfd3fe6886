import { scattered, sortPool } from './pool.ts';
import type { Pool, Survey } from './pool.ts';
import { kept } from './state.ts';
import type { Acquiring, Common, Looked, Moment, Rules, Step } from './state.ts';

const LONGEST_REST_WAIT_MS = 5_000;
/** A fleet that lost its power together rests together, and is not to wake together. */
const REST_JITTER_MS = 2_000;
const HOLDERS_NAMED = 8;
const CLOCK_RETRY_MS = 1_000;
/** Nodes looked at first in a large pool. */
const SAMPLE = 16;
const SMALL_POOL = 64;

/** Looks for a free node, once per round of claiming: in a large pool at a few nodes first. */
export function startAcquiring(common: Common, { random }: Moment, { first, count }: Rules): Step {
  const few = (): number[] => scattered(count, random, SAMPLE).map((n) => first + n);
  return look(common, count > SMALL_POOL ? few() : 'all');
}

function look(common: Common, nodes: Looked): Step {
  const call = common.calls + 1;
  return {
    state: { ...kept(common), at: 'acquiring', calls: call, step: { at: 'surveying', call, nodes } },
    effects: [{ do: 'survey', call, nodes }],
  };
}

/** A free node out of what was seen, and the others after it in the order chance chose. */
export function choose(state: Acquiring, nodes: Looked, survey: Survey, now: Moment, rules: Rules): Step {
  if (now.clock?.mayClaim === false) return wait(state, now.monotonicMs + CLOCK_RETRY_MS);
  const pool = sortPool(survey, rules, now.wallMs, state.formerNonces);
  if (pool.free.length > 0) {
    const candidates = scattered(pool.free.length, now.random).map((n) => pool.free[n]!);
    const call = state.calls + 1;
    const sent = { wallMs: now.wallMs, monotonicMs: now.monotonicMs };
    const others = survey.claims.some(({ value }) => !state.formerNonces.includes(value));
    return {
      state: {
        ...kept(state),
        at: 'acquiring',
        calls: call,
        step: { at: 'opening', call, sent, candidates, others },
      },
      effects: [{ do: 'open-lease', call }],
    };
  }
  // Where most nodes rest, as after a power cut, no worker reads them all; else only all of them tell that none is free.
  if (nodes !== 'all' && pool.resting.length < nodes.length / 2) return look(state, 'all');
  if (pool.resting.length === 0) {
    const detail = exhausted(pool, rules);
    return {
      state: { ...kept(state), at: 'halted', code: 'POOL_EXHAUSTED' },
      effects: [{ do: 'halt', code: 'POOL_EXHAUSTED', detail }],
    };
  }
  const readyInMs = Math.min(...pool.resting.map((node) => node.readyInMs));
  const waitMs = Math.min(LONGEST_REST_WAIT_MS, readyInMs) + now.random * REST_JITTER_MS;
  return {
    state: wait({ ...state, failures: 0 }, now.monotonicMs + waitMs).state,
    effects: [{ do: 'note', fact: { fact: 'resting', nodes: pool.resting.length, readyInMs } }],
  };
}

export function wait(shared: Common, dueMs: number): Step {
  return { state: { ...kept(shared), at: 'acquiring', step: { at: 'waiting', dueMs } }, effects: [] };
}

function exhausted({ held, missing }: Pool, { count, first }: Rules): string {
  const nodes = `nodes ${first} to ${first + count - 1}`;
  if (held.length === 0) return `${nodes}: none has a window; run snowstamp init for this datacenter`;
  const names = held.slice(0, HOLDERS_NAMED).map(({ node, by }) => `${node} by ${by}`);
  const more = held.length > HOLDERS_NAMED ? ` and ${held.length - HOLDERS_NAMED} more` : '';
  const without = missing === 0 ? '' : `; ${missing} have no window`;
  return `${nodes}: ${held.length} of ${count} are held (${names.join(', ')}${more})${without}; free workers or widen the node field (snowstamp workers lists all)`;
}
