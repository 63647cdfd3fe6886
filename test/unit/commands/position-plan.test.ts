import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planPosition, type PositionRequest } from '../../../src/commands/position-plan.ts';
import { parseCarried } from '../../../src/pipeline/carried.ts';

const BOUNDS = { start: 10, end: 100 };
const committed = (offset: number, metadata: string | null = null) => ({
  ...{ topic: 't', partition: 0, leaderEpoch: -1, offset, metadata },
});
const request = (offset: number, lastId?: bigint, giveUpOrder = false): PositionRequest => ({
  ...{ offset, lastId, giveUpOrder },
});

describe('stating a position (data-path rules 8 and 9)', () => {
  it.each([9, 101, -1, 10.5, Number.NaN])('offset %d is not in the log: refused', (offset) => {
    expect(planPosition(request(offset), committed(50), BOUNDS)).toMatchObject({
      at: 'refused',
      why: expect.stringContaining('offsets 10 to 100'),
    });
  });

  it('says what is skipped and what is stamped again', () => {
    const says = (offset: number, before: number): string => {
      const plan = planPosition(request(offset), committed(before), BOUNDS);
      return plan.at === 'planned' ? plan.lines[0]! : plan.why;
    };
    expect(says(60, 50)).toContain('offsets 50 to 59 are skipped');
    expect(says(40, 50)).toContain('offsets 40 to 49 will be stamped again');
    expect(says(50, 50)).toContain('nothing is skipped');
    expect(says(12, -1)).toContain('offsets 10 to 11 are skipped');
    expect(says(10, -1)).toContain('nothing is skipped');
    expect(says(10, 5)).toContain('offsets 5 to 9 are skipped');
  });

  it('keeps the recorded last ID, for P2 outlives any jump; the place in the output is left open', () => {
    expect(planPosition(request(60), committed(50, 'v1:77:8'), BOUNDS)).toMatchObject({
      metadata: 'v1:77:-1',
    });
    expect(planPosition(request(60, 78n), committed(50, 'v1:77:8'), BOUNDS)).toMatchObject({
      metadata: 'v1:78:-1',
    });
  });

  it('knows nothing of a last ID: leaves it to the tail of the output', () => {
    for (const metadata of [null, '', 'somebody else’s'])
      expect(planPosition(request(60), committed(50, metadata), BOUNDS)).toMatchObject({ metadata: '' });
  });

  it('a last ID below the recorded one gives up P2: only if that is said', () => {
    const given = committed(50, 'v1:77:8');
    expect(planPosition(request(60, 76n), given, BOUNDS)).toMatchObject({
      at: 'refused',
      why: expect.stringContaining('--give-up-order'),
    });
    expect(planPosition(request(60, 76n, true), given, BOUNDS)).toMatchObject({ metadata: 'v1:76:-1' });
    expect(planPosition(request(60, 2n ** 63n), given, BOUNDS)).toMatchObject({ at: 'refused' });
  });

  it('whatever is planned lies in the log, and its last ID is never below the recorded one without being told', () => {
    const id = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 120 }),
        fc.option(id, { nil: undefined }),
        id,
        (offset, lastId, recorded) => {
          const plan = planPosition(request(offset, lastId), committed(50, `v1:${recorded}:3`), BOUNDS);
          if (plan.at === 'refused') return;
          expect(plan.offset).toBeGreaterThanOrEqual(BOUNDS.start);
          expect(plan.offset).toBeLessThanOrEqual(BOUNDS.end);
          expect(parseCarried(plan.metadata)!.lastId >= recorded).toBe(true);
        },
      ),
    );
  });
});
