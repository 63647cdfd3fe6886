import { afterAll, describe, expect, it } from '@jest/globals';
import { explore } from './lease.explore.ts';
import type { Result, Search } from './lease.explore.ts';
import { SOUND } from './lease.process.ts';
import { USED_ONCE, WEAKENED } from './lease.weakened.ts';

/**
 * The lease protocol, breadth first over everything two processes, a network and etcd may do. What runs is the product:
 * `step` (machine, acquire, hold, release), `askOf` with its transactions and judges, the pool rule, and `Generator`
 * with its permit check. Only etcd is a model: `lease.store.ts`, under the contract of every LeaseStore.
 *
 * What may happen, at any moment: a transaction arrives, again, late (after its sender gave up, crashed or released) or
 * never; an answer likewise; a lease ends; a process crashes and starts anew, stops, releases, finds its deadline
 * passed, hears that the store is full; each reading of the wall clock is any at all.
 *
 * What is left out, and why no counterexample is lost with it. Each lets more happen than the product does:
 * - Time. Between two events every deadline and wait is forgotten: waits are over at once, deadlines pass when the
 *   search says so, a lease ends when the search says so, and the generator heeds no deadline. The clock proof is off.
 * - The survey. It may be older than any claim, and every resting node counts as rested: CLAIM alone decides.
 * - Renewals and closed leases change nothing a lease that ends at any moment does not.
 * - A generator takes all IDs of a millisecond at once: one more ID of a used millisecond collides with nothing new.
 * - One node, as transactions of two nodes share no key they compare but the domain, which stands still; the beacon is
 *   compared in none, and of revisions only those of creations are.
 * - Which process is which, counters, and requests that can change nothing any more (their lease is gone, or the
 *   revision they compare): worlds alike but for these have the same future.
 *
 * The bounds: two processes, timestamps 0 to 2, two CLAIMs; a third one after each way a first incarnation can have
 * ended. In every world: no two IDs are equal, and they rise from one incarnation to the next, above its floor.
 */
const LIMIT = Number(process.env['SNOWSTAMP_MODEL_STATES'] ?? 300_000);

const lines: string[] = [];
afterAll(() => {
  console.info(['lease protocol, states searched and traces found:', ...lines].join('\n'));
});

function search(name: string, bounds: Omit<Search, 'limit'>, limit: number): Result {
  const result = explore({ ...bounds, limit });
  const { states, depth, exhausted, broken } = result;
  const end = exhausted ? 'exhausted' : 'bounded';
  lines.push(
    broken === undefined
      ? `${name}: ${states} states, ${end} at depth ${depth}, nothing broken`
      : `${name}: ${broken.what}, in ${broken.trace.length} moves (${states} states)`,
  );
  return result;
}

describe('the lease protocol as it runs, every interleaving (P1, L1–L4)', () => {
  it('two incarnations: IDs are unique, and rise from claim to claim', () => {
    const result = search('two CLAIMs', { parts: SOUND, claims: 2, promises: 'order' }, 5_000_000);
    expect(result).toEqual({ states: result.states, depth: result.depth, exhausted: true });
    expect(result.states).toBeGreaterThan(500_000);
  }, 300_000);

  const held = USED_ONCE.slice(0, 6);
  it.each([
    ['crashed', USED_ONCE],
    ['released', [...held, 'a1 releases', 'RELEASE of a1 at 0 arrives', 'a1 crashes']],
    ['lost its lease, and does not know', [...held.slice(0, 5), 'lease of a1 ends']],
  ])(
    'two more, after one that %s',
    (how, prefix) => {
      const name = `two more after one that ${how}`;
      const result = search(name, { parts: SOUND, claims: 3, promises: 'order', prefix }, LIMIT);
      expect(result.broken).toBeUndefined();
      expect(result.states).toBeGreaterThan(200_000);
    },
    300_000,
  );
});

describe('controls: one rule taken out, and the search finds two equal IDs', () => {
  it.each(WEAKENED)(
    '$name',
    ({ name, ...weakened }) => {
      const { broken } = search(name, { ...weakened, promises: 'duplicates' }, 4_000_000);
      expect(broken?.what).toMatch(/^duplicate: \d is minted twice$/);
      expect(broken?.trace.at(-1)).toMatch(/^a\d mints \d$/);
    },
    300_000,
  );
});
