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

describe('snowstamp windows lower', () => {
  it('takes back a window a wrong clock raised, only above every ID in the stamped topics, and records it', async () => {
    await using user = await User.open();
    const given = names();
    const config = await user.file('snowstamp.yaml', {
      ...town.config(given),
      lease: { ttlS: 5, windowMs: 3_000, refreshMs: 1_000 },
    });
    const say = (...args: string[]) => user.snowstamp(...args, '-c', config);
    await town.operator.create({ topic: given.input, partitions: 1 }, { topic: given.output, partitions: 1 });
    expect(await say('init')).toMatchObject({ code: 0 });
    await town.producer.send({ topic: given.input, messages: events(10) });
    const worker = user.run(config);
    await town.operator.caughtUp(given.groupId, [given.input], { withinMs: 20_000 });
    const { workers } = JSON.parse((await say('workers', '--json')).stdout) as {
      workers: { node: number }[];
    };
    const node = String(workers[0]!.node);
    const lower = (aboveId: string) => say('windows', 'lower', '--node', node, '--above-id', aboveId);
    expect(await lower(String(2n ** 61n))).toMatchObject({
      code: 78,
      stdout: expect.stringContaining('stop the whole fleet first'),
    });
    expect(await worker.end('SIGTERM')).toBe(0);

    const farAhead = new Date(Date.now() + 86_400_000).toISOString();
    await eventually('the window raised a day ahead', 10_000, async () => {
      const { code, stdout } = await say('windows', 'raise', '--node', node, '--to', farAhead);
      return code === 0 ? undefined : stdout;
    });
    expect(await lower('1')).toMatchObject({
      code: 78,
      stdout: expect.stringMatching(new RegExp(`node ${node} gave \\d+, which is above --above-id 1`)),
    });
    const gave = /gave (\d+)/.exec((await lower('1')).stdout)![1]!;
    expect(await lower(gave)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/recorded in the ledger/),
    });
    const listed = await say('windows', 'list');
    expect(listed.stdout).toMatch(new RegExp(`^${node} +resting +\\S+ +yes +lowered`, 'm'));
    expect(listed.stdout).toMatch(/^lowered: \{"atMs":\d+,"by":/m);
  }, 90_000);
});
