import { describe, expect, it } from '@jest/globals';
import { run, sides, type Event, type Plan, type Write } from '../unit/pipeline/trial.ts';

const EVENTS: readonly Event[] = [
  'commit',
  'lost-committed',
  'lost-aborted',
  'group',
  'ownership',
  'refused',
  'lost',
  'revoked',
];

const WRITES: readonly Write[] = [
  { kind: 'plain', count: 2 },
  { kind: 'transaction', count: 1, commits: false },
  { kind: 'new-leader' },
  { kind: 'transaction', count: 1, commits: true },
  { kind: 'plain', count: 1 },
];

const plan = (events: readonly Event[]): Plan => ({
  partitions: [WRITES, WRITES.slice(0, 2)],
  events,
  transactionRecords: 2,
  partitionMaxBytes: 2 ** 20,
});

/** Every sequence of `length` events. */
function* sequences(length: number): Generator<Event[]> {
  if (length === 0) yield [];
  else for (const rest of sequences(length - 1)) for (const event of EVENTS) yield [...rest, event];
}

describe('every sequence of three events (P2, P3; rules 4, 6, 7)', () => {
  it('each committed input record gives one output record, in order, with rising IDs', async () => {
    let tried = 0;
    for (const events of sequences(3)) {
      const scene = await run(plan(events));
      for (const partition of [0, 1]) {
        const [got, wanted] = sides(scene, partition);
        expect({ events, got }).toEqual({ events, got: wanted });
        const ids = scene.ids(partition);
        expect({ events, rise: ids.every((id, i) => i === 0 || id > ids[i - 1]!) }).toEqual({
          events,
          rise: true,
        });
      }
      tried++;
    }
    expect(tried).toBe(EVENTS.length ** 3);
  }, 120_000);

  it('control: offsets read before they are stable are found out by a single lost answer', async () => {
    let found = 0;
    for (const events of sequences(2)) {
      const scene = await run(plan(events), (weak) => {
        weak.world.givesUnstable = true;
      }).catch(() => undefined);
      const broken = [0, 1].some((partition) => {
        if (scene === undefined) return true;
        const [got, wanted] = sides(scene, partition);
        return JSON.stringify(got) !== JSON.stringify(wanted);
      });
      if (broken) {
        found++;
        expect(events).toContain('lost-committed');
      }
    }
    expect(found).toBeGreaterThan(0);
  }, 120_000);
});
