import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/topics.ts';
import { User } from './program.ts';
import { events, names, Town } from './town.ts';

let town: Town;

beforeAll(async () => {
  town = await Town.open();
}, 120_000);
afterAll(async () => {
  await town[Symbol.asyncDispose]();
});

interface Shown {
  readonly pool: { readonly nodes: number; readonly held: number; readonly resting: number };
  readonly workers: readonly Readonly<Record<string, unknown>>[];
}

describe('snowstamp workers', () => {
  it('shows who holds which node since when; a killed worker’s node rests; --watch ends on SIGINT', async () => {
    await using user = await User.open();
    const given = names();
    const config = await user.file('snowstamp.yaml', {
      ...town.config(given),
      lease: { ttlS: 5, windowMs: 3_000, refreshMs: 1_000 },
    });
    await town.operator.create({ topic: given.input, partitions: 1 }, { topic: given.output, partitions: 1 });
    const shown = async (): Promise<Shown> =>
      JSON.parse((await user.snowstamp('workers', '-c', config, '--json')).stdout) as Shown;
    expect(await user.snowstamp('workers', '-c', config)).toMatchObject({
      code: 66,
      stdout: expect.stringContaining('DOMAIN_MISSING'),
    });
    expect(await user.snowstamp('init', '-c', config)).toMatchObject({ code: 0 });
    expect(await shown()).toMatchObject({ pool: { nodes: 32, held: 0, resting: 0 }, workers: [] });

    await town.producer.send({ topic: given.input, messages: events(10) });
    const startedMs = Date.now();
    const worker = user.run(config);
    await town.operator.caughtUp(given.groupId, [given.input], { withinMs: 20_000 });
    const watching = user.start('workers', '-c', config, '--json', '--watch', '1');
    await eventually('a worker that says what it minted last', 30_000, async () => {
      const { workers } = await shown();
      return typeof workers[0]?.['lastMintedMs'] === 'number' ? undefined : JSON.stringify(workers);
    });
    const { pool, workers } = await shown();
    expect(pool).toMatchObject({ held: 1 });
    expect(workers).toEqual([
      expect.objectContaining({ state: 'held', holder: `pid ${worker.pid}`, restLeftMs: null }),
    ]);
    const { sinceMs, lastMintedMs } = workers[0] as { sinceMs: number; lastMintedMs: number };
    expect(sinceMs).toBeGreaterThanOrEqual(startedMs);
    expect(lastMintedMs).toBeGreaterThanOrEqual(sinceMs);
    const table = await user.snowstamp('workers', '-c', config);
    expect(table.stdout).toMatch(/^node +state +holder +host .*\n\d+ +held +pid \d+ +\S+ +20/m);
    expect(table.stdout).toContain(': 1 of 32 held (3 %), 0 resting, 31 free, 0 missing');

    await worker.end('SIGKILL');
    await eventually('a resting node', 20_000, async () => {
      const { pool: now } = await shown();
      return now.held === 0 && now.resting === 1 ? undefined : JSON.stringify(now);
    });
    expect(await user.snowstamp('workers', '-c', config)).toMatchObject({
      stdout: expect.stringMatching(/^\d+ +resting .* \d+ s +–$/m),
    });
    expect(watching.lines.length).toBeGreaterThanOrEqual(2);
    expect(await watching.end('SIGINT')).toBe(0);
    expect(watching.lines.at(-1)).toMatchObject({ pool: { nodes: 32 } });
  }, 90_000);
});
