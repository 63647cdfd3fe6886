import { beforeEach, describe, expect, it } from '@jest/globals';
import { refusal, type Fate } from '../pipeline/producer.ts';
import { numbers } from '../pipeline/scene.ts';
import { ALL, RedriveTown } from './town.ts';

const TOO_LARGE = 10;
const NOT_ENOUGH_REPLICAS = 19;

let town: RedriveTown;
beforeEach(() => {
  town = new RedriveTown();
});

/** Refuses batches that hold `value`, naming it or not. */
const without =
  (value: string, named: boolean): Fate =>
  ({ batches }) => {
    const sent = town.sent.at(-1)!;
    const at = sent.findIndex(({ values }) => values.includes(value));
    if (at < 0) return 'commit';
    const { topic, partition, values } = sent[at]!;
    expect(batches).toHaveLength(sent.length);
    return [refusal(topic, TOO_LARGE, { partition, recordIndexes: named ? [values.indexOf(value)] : [] })];
  };

describe('redrive', () => {
  it('takes letters back to their partitions as they were, once, and a second run finds nothing', async () => {
    town.die(numbers(0, 3)).die(numbers(3, 5), 'RECORD_REFUSED', 1);
    expect(await town.redrive()).toMatchObject({
      ...{ redriven: 5, refused: 0 },
      byCode: { RECORD_TOO_LARGE: 3, RECORD_REFUSED: 2 },
    });
    expect([town.back(0), town.back(1)]).toEqual([numbers(0, 3), numbers(3, 5)]);
    expect(town.world.log('in').visible()[0]).toMatchObject({
      headers: { own: '1' },
      timestamp: 1_760_000_000_000,
    });
    expect(Object.keys(town.world.log('in').visible()[0]!.headers)).toEqual(['own']);
    expect(await town.redrive()).toMatchObject({ redriven: 0, leftOut: 0 });
    expect(town.back(0)).toEqual(numbers(0, 3));
  });

  it('what a filter leaves out waits for another run, which takes nothing twice', async () => {
    town.die(['a1'], 'A').die(['b1'], 'B').die(['a2'], 'A').die(['b2'], 'B');
    const only = (code: string) => ({ selection: { ...ALL.selection, codes: [code] } });
    expect(await town.redrive(only('B'))).toMatchObject({ redriven: 2, leftOut: 2 });
    expect(town.world.committed.get('dlq-0')).toMatchObject({ offset: 0 });
    town.die(['b3'], 'B');
    expect(await town.redrive(only('B'))).toMatchObject({ redriven: 1, leftOut: 2 });
    expect(await town.redrive()).toMatchObject({ redriven: 2, leftOut: 0 });
    expect(town.back()).toEqual(['b1', 'b2', 'b3', 'a1', 'a2']);
    expect(town.world.committed.get('dlq-0')).toMatchObject({ offset: 5 });
  });

  it('a dry run says the same and does nothing', async () => {
    town.die(numbers(0, 4)).letter('x', { code: 'C', topic: 'elsewhere', partition: '0', offset: '1' });
    expect(await town.redrive({ most: 3 }, true)).toMatchObject({ redriven: 3 });
    expect(await town.redrive({}, true)).toMatchObject({ redriven: 4, foreign: 1 });
    expect([town.calls, town.back()]).toEqual([[], []]);
    expect(await town.redrive()).toMatchObject({ redriven: 4, foreign: 1 });
  });

  it('takes as many as it may, and goes on there', async () => {
    town.die(numbers(0, 5));
    expect(await town.redrive({ most: 2 })).toMatchObject({ redriven: 2 });
    expect(town.back()).toEqual(numbers(0, 2));
    expect(await town.redrive()).toMatchObject({ redriven: 3 });
    expect(town.back()).toEqual(numbers(0, 5));
  });

  it('keeps to a rate, in transactions of a fifth of it', async () => {
    town.die(numbers(0, 50));
    const before = town.world.clock.now().monotonicMs;
    expect(await town.redrive({ rate: 10 })).toMatchObject({ redriven: 50 });
    const tookMs = town.world.clock.now().monotonicMs - before;
    expect(tookMs).toBeGreaterThanOrEqual(4_800);
    expect(tookMs).toBeLessThan(6_000);
    expect(town.sent.every((sent) => sent[0]!.values.length <= 2)).toBe(true);
  });

  it('discards without resubmitting, for good', async () => {
    town.die(numbers(0, 2), 'A').die(['b'], 'B');
    const selection = { ...ALL.selection, codes: ['A'] };
    expect(await town.redrive({ discard: true, selection })).toMatchObject({ redriven: 2 });
    expect(town.back()).toEqual([]);
    await town.redrive();
    expect(town.back()).toEqual(['b']);
  });

  it.each([true, false])(
    'one its topic refuses stays, named by the broker (%s) or not; the others go',
    async (named) => {
      town.die(numbers(0, 5));
      town.otherwise = without('v2', named);
      const report = await town.redrive();
      expect(report).toMatchObject({ redriven: 4, refused: 1 });
      expect(report.refusals).toEqual([
        expect.stringMatching(/^dlq-0 at offset 2: in answers MESSAGE_TOO_LARGE/),
      ]);
      expect(town.back()).toEqual(['v0', 'v1', 'v3', 'v4']);
      town.otherwise = 'commit';
      await town.redrive();
      expect(town.back().at(-1)).toBe('v2');
    },
  );

  it('one whose partition is not there any more stays', async () => {
    town.die(['a']).die(['far'], 'A', 7).die(['b']);
    expect(await town.redrive()).toMatchObject({ redriven: 2, refused: 1 });
    expect(town.back()).toEqual(['a', 'b']);
  });
});

describe('redrive when things break (no letter lost, none twice)', () => {
  it.each<[string, Fate[]]>([
    ['a refusal that passes', [() => [refusal('in', NOT_ENOUGH_REPLICAS)]]],
    ['an outcome not known, in truth committed', ['lost-committed']],
    ['an outcome not known, in truth aborted', ['lost-aborted']],
    ['the group refuses', ['group']],
    ['time runs out', ['out-of-time', 'out-of-time']],
  ])('%s', async (_, fates) => {
    town.die(numbers(0, 5));
    town.fates = fates;
    await town.redrive();
    expect(town.back()).toEqual(numbers(0, 5));
  });

  it('the control: a ledger that was not committed with the letters takes them twice', async () => {
    town.die(numbers(0, 2));
    await town.redrive();
    town.world.committed.delete('dlq-0');
    await town.redrive();
    expect(town.back()).toEqual(['v0', 'v1', 'v0', 'v1']);
  });

  it('fenced: another run has begun; what was committed before stays counted', async () => {
    town.die(numbers(0, 1_000));
    town.fates = ['commit', 'fenced'];
    await expect(town.redrive()).rejects.toMatchObject({ code: 'REDRIVE_FENCED' });
    expect(town.back()).toHaveLength(500);
  });

  it('a partition that never comes ends with a word, not with silence', async () => {
    town.die(['a']);
    town.world.create('dlq', 2);
    await expect(town.redrive()).rejects.toMatchObject({ code: 'GROUP_NOT_EMPTY' });
  });

  it('what never passes ends the run, and a restart goes on', async () => {
    town.die(numbers(0, 3));
    town.otherwise = () => [refusal('in', NOT_ENOUGH_REPLICAS)];
    await expect(town.redrive()).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
    town.otherwise = 'commit';
    await town.redrive();
    expect(town.back()).toEqual(numbers(0, 3));
  });

  it('no right to write ends the run at once', async () => {
    town.die(['a']);
    town.otherwise = () => [refusal('in', 29)];
    await expect(town.redrive()).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
    expect(town.sent).toHaveLength(1);
  });

  it('a stop ends it between two transactions', async () => {
    town.die(numbers(0, 1_200));
    town.fates = [
      () => {
        town.stop.abort();
        return 'commit';
      },
    ];
    expect(await town.redrive()).toMatchObject({ redriven: 500 });
    expect(town.back()).toHaveLength(500);
  });

  it('letters retention deleted meanwhile are passed over', async () => {
    town.die(['a1'], 'A').die(['b'], 'B').die(['a2'], 'A');
    await town.redrive({ selection: { ...ALL.selection, codes: ['B'] } });
    town.world.log('dlq').start = 1;
    await town.redrive();
    expect(town.back()).toEqual(['b', 'a2']);
  });
});
