import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, randomName } from '../../support/topics.ts';
import { User } from '../cli/program.ts';
import { Town } from '../cli/town.ts';
import { committed, dead, input, KINDS, output, pathsFor, routeOf, type Paths } from './mapping-town.ts';

const EVENTS = 3_000;
const INPUTS = KINDS.map(({ name }) => name);

let town: Town;

beforeAll(async () => {
  town = await Town.open();
}, 120_000);
afterAll(async () => {
  await town[Symbol.asyncDispose]();
});

/** A configuration with these routes; small transactions, so that a kill meets one. */
async function configured(
  user: User,
  routes: readonly object[],
): Promise<{ config: string; groupId: string }> {
  const names = { prefix: `/${randomName('map')}`, groupId: randomName('group'), input: '', output: '' };
  const config = await user.file('snowstamp.yaml', {
    ...town.config(names),
    lease: { ttlS: 5, windowMs: 3_000, refreshMs: 1_000 },
    pipeline: { transactionRecords: 200 },
    routes,
  });
  expect(await user.snowstamp('init', '-c', config)).toMatchObject({ code: 0 });
  return { config, groupId: names.groupId };
}

async function feed(paths: Paths, from: number, to: number): Promise<void> {
  for (const { name, event } of KINDS)
    await town.producer.send({
      topic: input(paths, name),
      messages: Array.from({ length: to - from }, (_, i) => event(from + i).message),
    });
}

/** Prefixed legacy IDs and new IDs of everything that was stamped, and those of the mapping topic, as KafkaJS reads them. */
async function looked(paths: Paths, count: number): Promise<{ stamped: string[]; mapped: string[] }> {
  const outputs = KINDS.map(({ name }): [string, number] => [output(paths, name), count]);
  const all = await committed(town, {
    ...Object.fromEntries(outputs),
    [paths.mapping]: count * KINDS.length,
  });
  const stamped = KINDS.flatMap(({ name, idOf, legacyOf }) =>
    all[output(paths, name)]!.map((message) => `${name}:${legacyOf(message)}=${idOf(message)}`),
  );
  const mapped = all[paths.mapping]!.map(({ key, value }) => `${String(key)}=${String(value)}`);
  return { stamped: stamped.sort(), mapped: mapped.sort() };
}

describe('legacy IDs and what became of them (P3)', () => {
  it('one mapping a stamped event, in its transaction, over a SIGKILL; get, serve and verify say the same', async () => {
    await using user = await User.open();
    const paths = await pathsFor(town, INPUTS);
    const { config, groupId } = await configured(
      user,
      KINDS.map((kind) => routeOf(paths, kind)),
    );
    const inputs = INPUTS.map((name) => input(paths, name));
    await feed(paths, 0, EVENTS / 2);
    const killed = user.run(config);
    await eventually('something committed', 30_000, async () => {
      const lags = await Promise.all(inputs.map((topic) => town.operator.lag(groupId, topic)));
      return lags.some((lag) => lag < EVENTS / 2) ? undefined : lags.join();
    });
    await feed(paths, EVENTS / 2, EVENTS);
    await killed.end('SIGKILL');
    const worker = user.run(config);
    await town.operator.caughtUp(groupId, inputs, { withinMs: 60_000 });

    const { stamped: pairs, mapped } = await looked(paths, EVENTS);
    expect(pairs).toHaveLength(KINDS.length * EVENTS);
    expect(mapped).toEqual(pairs);

    const verified = await user.snowstamp('verify', '-c', config);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('verdict: proven') });
    expect(verified.stdout).toContain(
      `${KINDS.length * EVENTS} mapped, 0 events without legacy ID, 0 missing`,
    );
    await told(user, config, pairs);
    expect(await worker.end('SIGTERM')).toBe(0);

    const plant = (key: string, value: string) =>
      town.producer.send({ topic: paths.mapping, messages: [{ key, value }] });
    await plant('header:never', '12345');
    expect(await user.snowstamp('verify', '-c', config)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('1 extra'),
    });
    await plant('header:H5', '1');
    expect(await user.snowstamp('verify', '-c', config)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('maps "header:H5" to 1, which no event with that legacy ID has'),
    });
  }, 150_000);

  /** `mapping get` and `mapping serve` on some of them, from a store built anew. */
  async function told(user: User, config: string, pairs: readonly string[]): Promise<void> {
    const some = pairs.filter((pair) => pair.startsWith('key:')).slice(0, 3);
    const serving = user.start('mapping', 'serve', '--route', 'key', '--port', '0', '-c', config);
    const address = await serving.address();
    await eventually('the mappings read', 20_000, async () => {
      const ready = await fetch(`${address}/readyz`);
      return ready.status === 200 ? undefined : await ready.text();
    });
    for (const pair of some) {
      const [key, snowflakeId] = pair.split('=') as [string, string];
      const legacyId = key.slice('key:'.length);
      expect(await user.snowstamp('mapping', 'get', legacyId, '--route', 'key', '-c', config)).toMatchObject({
        code: 0,
        stdout: `${snowflakeId}\n`,
      });
      const answer = await fetch(`${address}/v1/mappings/${encodeURIComponent(legacyId)}`);
      expect(await answer.json()).toEqual({ legacyId, snowflakeId });
    }
    expect((await fetch(`${address}/v1/mappings/never`)).status).toBe(404);
    expect(await serving.end('SIGTERM')).toBe(0);
  }

  it('events without one are stamped and counted, dead-lettered, or stop their partition, as the route says', async () => {
    await using user = await User.open();
    const [kind] = KINDS;
    const policies = ['skip', 'deadLetter', 'stop'];
    const names = policies.map((policy) => policy.toLowerCase());
    const paths = await pathsFor(town, names);
    const { config, groupId } = await configured(
      user,
      policies.map((policy, i) => routeOf(paths, { ...kind!, name: names[i]! }, policy)),
    );
    const messages = [kind!.event(0).message, { key: 'k', value: 'bare' }, kind!.event(2).message];
    for (const name of names) await town.producer.send({ topic: input(paths, name), messages });
    const worker = user.run(config);
    const flowing = names.filter((name) => name !== 'stop').map((name) => input(paths, name));
    await town.operator.caughtUp(groupId, flowing, { withinMs: 30_000 });
    const address = await worker.address();
    await eventually('the partition stopped', 20_000, async () => {
      const text = await (await fetch(`${address}/readyz`)).text();
      return text.includes('stopped:LEGACY_ID_MISSING') ? undefined : text;
    });
    const [skipped, buried, letters, stopped] = [
      output(paths, 'skip'),
      output(paths, 'deadletter'),
      dead(paths, 'deadletter'),
      output(paths, 'stop'),
    ];
    const all = await committed(town, { [skipped]: 3, [buried]: 2, [letters]: 1, [stopped]: 1 });
    const valuesOf = (topic: string): string[] => all[topic]!.map(({ value }) => String(value));
    expect([skipped, buried, letters, stopped].map(valuesOf)).toEqual([
      ['v', 'bare', 'v'],
      ['v', 'v'],
      ['bare'],
      ['v'],
    ]);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toContain('snowstamp_mappings_total{route="skip",result="missing"} 1');
    expect(await worker.end('SIGTERM')).toBe(0);
  }, 90_000);
});
