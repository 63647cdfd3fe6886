import { scattered, sortPool } from './pool.ts';
import type { Pool, Survey } from './pool.ts';
import { kept } from './state.ts';
import type { Acquiring, Common, Looked, Moment, Rules, SeenResting, Step } from './state.ts';

const LONGEST_REST_WAIT_MS = 5_000;
/** A fleet that lost its power together rests together, and is not to wake together. */
const REST_JITTER_MS = 2_000;
const HOLDERS_NAMED = 8;
const CLOCK_RETRY_MS = 1_000;
/** While all of it rests: somebody may release a node. */
const WHOLE_POOL_EVERY_MS = 30_000;
/** Nodes looked at first in a large pool. */
const SAMPLE = 16;
const SMALL_POOL = 64;

/** Looks for a free node, once per round of claiming: in a large pool at a few nodes first. */
export function startAcquiring(
  common: Common,
  { random }: Moment,
  { first, count }: Rules,
  seen: SeenResting = {},
): Step {
  const few = (): number[] => scattered(count, random, SAMPLE).map((n) => first + n);
  return look(common, count > SMALL_POOL ? few() : 'all', seen);
}

function look(common: Common, nodes: Looked, { allRestUntilMs }: SeenResting = {}): Step {
  const call = common.calls + 1;
  return {
    state: {
      ...kept(common),
      ...{ at: 'acquiring', calls: call, step: { at: 'surveying', call, nodes, allRestUntilMs } },
    },
    effects: [{ do: 'survey', call, nodes }],
  };
}

/** A free node out of what was seen, and the others after it in the order chance chose. */
export function choose(
  state: Acquiring,
  { nodes, allRestUntilMs }: { readonly nodes: Looked } & SeenResting,
  survey: Survey,
  now: Moment,
  rules: Rules,
): Step {
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
  // Only all of the pool can tell that none is free; after a power cut a thousand are not to read it again and again.
  const knownToRest = allRestUntilMs !== undefined && now.monotonicMs < allRestUntilMs;
  if (nodes !== 'all' && !(knownToRest && pool.resting.length > 0)) return look(state, 'all');
  if (pool.resting.length === 0) {
    const detail = exhausted(pool, rules);
    return {
      state: { ...kept(state), at: 'halted', code: 'POOL_EXHAUSTED' },
      effects: [{ do: 'halt', code: 'POOL_EXHAUSTED', detail }],
    };
  }
  const readyInMs = Math.min(...pool.resting.map((node) => node.readyInMs));
  const waitMs = Math.min(LONGEST_REST_WAIT_MS, readyInMs) + now.random * REST_JITTER_MS;
  const until = nodes === 'all' ? now.monotonicMs + Math.min(readyInMs, WHOLE_POOL_EVERY_MS) : allRestUntilMs;
  return {
    state: wait({ ...state, failures: 0 }, now.monotonicMs + waitMs, until).state,
    effects: [{ do: 'note', fact: { fact: 'resting', nodes: pool.resting.length, readyInMs } }],
  };
}

export function wait(shared: Common, dueMs: number, allRestUntilMs?: number): Step {
  const step = { at: 'waiting', dueMs, allRestUntilMs } as const;
  return { state: { ...kept(shared), at: 'acquiring', step }, effects: [] };
}

function exhausted({ held, missing }: Pool, { count, first }: Rules): string {
  const nodes = `nodes ${first} to ${first + count - 1}`;
  if (held.length === 0) return `${nodes}: none has a window; run snowstamp init for this datacenter`;
  const names = held.slice(0, HOLDERS_NAMED).map(({ node, by }) => `${node} by ${by}`);
  const more = held.length > HOLDERS_NAMED ? ` and ${held.length - HOLDERS_NAMED} more` : '';
  const without = missing === 0 ? '' : `; ${missing} have no window`;
  return `${nodes}: ${held.length} of ${count} are held (${names.join(', ')}${more})${without}; free workers or widen the node field (snowstamp workers lists all)`;
}
