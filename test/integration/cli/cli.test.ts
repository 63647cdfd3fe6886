import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/clock.ts';
import { EtcdStore } from '../../../src/lease/etcd.ts';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { decodeWindow } from '../../../src/lease/values.ts';
import { eventually } from '../../support/topics.ts';
import { User } from './program.ts';
import { events, names, Town } from './town.ts';

const EVENTS = 3_000;
const PARTITIONS = 3;

let town: Town;

beforeAll(async () => {
  town = await Town.open();
}, 120_000);
afterAll(async () => {
  await town[Symbol.asyncDispose]();
});

describe('a new user', () => {
  it('init, run, events, probes, SIGTERM, verify, doctor: each does what it says, the worker ID is given back', async () => {
    await using user = await User.open();
    const given = names();
    const config = await user.file('snowstamp.yaml', town.config(given));
    await town.operator.create(
      { topic: given.input, partitions: PARTITIONS },
      { topic: given.output, partitions: PARTITIONS },
    );
    expect(await user.snowstamp('run', '-c', config)).toMatchObject({
      code: 66,
      stdout: expect.stringContaining('run snowstamp init first'),
    });
    expect(await user.snowstamp('init', '-c', config)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('domain created'),
    });

    await town.producer.send({ topic: given.input, messages: events(EVENTS) });
    // Nothing was done, so nothing is proven.
    expect(await user.snowstamp('verify', '-c', config)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('verdict: unproven'),
    });
    const worker = user.run(config);
    const address = await worker.address();
    await eventually('readiness', 20_000, async () => {
      const ready = await fetch(`${address}/readyz`);
      return ready.status === 200 ? undefined : await ready.text();
    });
    await town.operator.caughtUp(given.groupId, [given.input], { withinMs: 20_000 });
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toContain('snowstamp_phase{phase="serving"} 1');
    expect(metrics).toMatch(new RegExp(`snowstamp_lag_records\\{[^}]*topic="${given.input}"[^}]*\\} 0`));

    expect(await worker.end('SIGTERM')).toBe(0);
    expect(worker.lines.at(-1)?.msg).toBe('phase stopped'); // no warning about sockets we closed ourselves
    expect(await leftIn(given.prefix)).toEqual({ claims: 0, held: 0, released: expect.any(Number) });

    const verified = await user.snowstamp('verify', '-c', config);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('verdict: proven') });
    expect(verified.stdout).toContain(`${EVENTS} IDs, 0 duplicates`);

    // A stated position names no place in the output: verify must not take that for an empty one.
    const at = (await town.operator.committed(given.groupId, given.input)).get(0)!.offset;
    const stay = ['--route', 'events', '--partition', '0', '--offset', String(at)];
    expect(await user.snowstamp('position', '-c', config, ...stay)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing is skipped and nothing repeated'),
    });
    expect(await user.snowstamp('verify', '-c', config)).toMatchObject({ code: 0 });

    const doctor = await user.snowstamp('doctor', '-c', config);
    expect(doctor).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('message.timestamp.type is CreateTime'),
    });
    expect(doctor.stdout).toContain(' 0 failures');
  }, 60_000);
});

/** What is left of workers under a prefix. */
async function leftIn(prefix: string): Promise<{ claims: number; held: number; released: number }> {
  const store = new EtcdStore({ endpoints: town.endpoints, tryMs: 2_000 }, systemClock);
  try {
    const keys = keysUnder(prefix);
    const answer = await store.look([
      { do: 'list', prefix: keys.claims },
      { do: 'list', prefix: keys.windows },
    ]);
    if (answer.at !== 'answered') throw new Error(answer.at);
    const [claims, windows] = answer.value.found;
    const read = windows!.map(({ value }) => decodeWindow(value)!);
    return {
      claims: claims!.length,
      held: read.filter(({ held }) => held).length,
      released: read.filter(({ releasedAtMs }) => releasedAtMs !== undefined).length,
    };
  } finally {
    store.close();
  }
}

describe('a partition that only an operator can move (data-path rule 8)', () => {
  it('run stops it, position is refused while the group lives, then moves it; IDs go on above the one stated (P2)', async () => {
    await using user = await User.open();
    const given = names();
    const config = await user.file('snowstamp.yaml', town.config(given));
    await town.operator.create({ topic: given.input, partitions: 1 }, { topic: given.output, partitions: 1 });
    // The output was written before, by whoever it was, and the group knows nothing of it.
    await town.producer.send({ topic: given.output, messages: [{ value: 'from before' }] });
    await town.producer.send({ topic: given.input, messages: events(10) });
    expect(await user.snowstamp('init', '-c', config)).toMatchObject({ code: 0 });

    const first = user.run(config);
    await first.line('pipeline: stopped', ({ code }) => code === 'POSITION_UNKNOWN');
    const position = ['position', '-c', config, '--route', 'events', '--partition', '0', '--offset', '4'];
    expect(await user.snowstamp(...position)).toMatchObject({
      code: 75,
      stdout: expect.stringContaining('GROUP_NOT_EMPTY'),
    });
    expect(await first.end('SIGTERM')).toBe(0);

    const lastId = ((BigInt(Date.now()) - BigInt(Date.parse('2024-01-01T00:00:00Z'))) << 22n).toString();
    const stated = [...position, '--last-id', lastId];
    const dry = await user.snowstamp(...stated, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing was changed') });
    expect((await town.operator.committed(given.groupId, given.input)).get(0)?.offset).toBe(-1);
    const moved = await user.snowstamp(...stated);
    expect(moved).toMatchObject({ code: 0, stdout: expect.stringContaining('offsets 0 to 3 are skipped') });
    expect((await town.operator.committed(given.groupId, given.input)).get(0)).toEqual({
      offset: 4,
      metadata: `v1:${lastId}:-1`,
    });
    const lower = [...position, '--last-id', '1'];
    expect(await user.snowstamp(...lower)).toMatchObject({ code: 64, stdout: expect.stringContaining('P2') });
    const outside = position.with(-1, '11');
    expect(await user.snowstamp(...outside)).toMatchObject({
      code: 64,
      stdout: expect.stringContaining('offsets 0 to 10'),
    });

    const second = user.run(config);
    await second.line('pipeline: opened', (line) => line['lastId'] === lastId && line['offset'] === 4);
    await town.operator.caughtUp(given.groupId, [given.input], { withinMs: 20_000 });
    expect(await second.end('SIGTERM')).toBe(0);
    const { metadata } = (await town.operator.committed(given.groupId, given.input)).get(0)!;
    expect(BigInt(metadata!.split(':')[1]!)).toBeGreaterThan(BigInt(lastId));
  }, 60_000);
});

describe('verify on planted faults', () => {
  it('names the changed record and the ID given twice, and exits 1; control: the honest route passes', async () => {
    await using user = await User.open();
    const given = names();
    const config = await user.file('snowstamp.yaml', town.config(given));
    await town.operator.create({ topic: given.input, partitions: 2 }, { topic: given.output, partitions: 2 });
    const stamped = (value: string, id: number, partition: number) => ({
      ...{ key: 'k', value, partition, timestamp: '1700000000000' },
      headers: { snowflake_id: String(id) },
    });
    const plain = (value: string, partition: number) => ({
      key: 'k',
      value,
      partition,
      timestamp: '1700000000000',
    });
    const commit = async (offset: number): Promise<void> => {
      for (const partition of ['0', '1'])
        await user.snowstamp(
          ...['position', '-c', config, '--route', 'events'],
          ...['--partition', partition, '--offset', String(offset)],
        );
    };

    await town.producer.send({ topic: given.input, messages: [plain('a', 0), plain('b', 1)] });
    await town.producer.send({ topic: given.output, messages: [stamped('a', 1, 0), stamped('b', 2, 1)] });
    await commit(1);
    expect(await user.snowstamp('verify', '-c', config)).toMatchObject({ code: 0 });

    await town.producer.send({ topic: given.input, messages: [plain('c', 0), plain('d', 1)] });
    await town.producer.send({ topic: given.output, messages: [stamped('C', 3, 0), stamped('d', 3, 1)] });
    await commit(2);
    const { code, stdout } = await user.snowstamp('verify', '-c', config);
    expect(code).toBe(1);
    expect(stdout).toContain('4 IDs, 1 duplicates, the first is 3');
    expect(stdout).toMatch(/^events-0: input 1 and output 1: value: byte 0 /m);
    expect(stdout).toContain('verdict: failed');
    expect(await user.snowstamp('verify', '-c', config, '--route', 'nope')).toMatchObject({ code: 64 });
  }, 30_000);
});
