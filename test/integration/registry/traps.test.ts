/** What stands in front of a value stamp on a real registry: a minute without it, schemas named elsewhere, ciphertext, and legacy IDs in Avro. */
import { describe, expect, it } from '@jest/globals';
import { avroType } from '../../support/schemas/avro-types.ts';
import { eventually, randomName } from '../../support/topics.ts';
import { readTopic } from '../../support/topics-reader.ts';
import { User } from '../cli/program.ts';
import {
  avroOf,
  codesOf,
  prefixed,
  register,
  routeFor,
  stampedAvro,
  type Route,
  withRegistry,
} from './scene.ts';

const OUTAGE_MS = 60_000;
const at = withRegistry();

const field = (name: string, type: unknown): object => ({ name, type });
const record = (...fields: object[]): string =>
  JSON.stringify({ type: 'record', name: 'Event', namespace: 'test', fields });
const PLAIN = record(field('n', 'int'));
const NEWER = record(field('n', 'int'), { ...field('more', 'string'), default: '' });
const plain = (n: number): Buffer => avroType(PLAIN).toBuffer({ n });
const newer = (n: number): Buffer => avroType(NEWER).toBuffer({ n, more: 'x' });

const open = (user: User, name: string, more: object = {}, partitions = 1): Promise<Route> =>
  routeFor(at.town, user, randomName(name), {
    stamp: { in: 'value', format: 'avro', wire: 'confluent' },
    registry: { url: at.gateway.url, ...at.gateway.user, timeoutMs: 500, negativeTtlMs: 1_000 },
    ...{ more, partitions },
  });

const send = (topic: string, partition: number, values: readonly Buffer[], headers = {}) =>
  at.town.producer.send({
    topic,
    messages: values.map((value) => ({ partition, key: 'k', value, headers })),
  });

describe('a registry that is away for a minute', () => {
  it('holds partitions that need it, and no other; afterwards nothing is lost, unstamped or twice', async () => {
    await using user = await User.open();
    const { input, output, groupId, config } = await open(user, 'minute', {}, 2);
    const known = await register(at.registry, `${input}-value`, PLAIN);
    const worker = user.run(config);
    await send(input, 1, [prefixed(known, plain(0))]);
    await at.town.operator.caughtUp(groupId, [input], { withinMs: 30_000 });

    at.gateway.mood = 'down';
    const downMs = performance.now();
    const unseen = await register(at.registry, `${input}-value`, NEWER);
    const held = Array.from({ length: 20 }, (_, n) => newer(n));
    await send(
      input,
      0,
      held.map((body) => prefixed(unseen, body)),
    );
    let flowing = 1;
    while (performance.now() - downMs < OUTAGE_MS) {
      await send(input, 1, [prefixed(known, plain(flowing))]);
      flowing++;
      await eventually('the other partition stamped', 10_000, async () => {
        const { length } = await avroOf(at.town, output, 1);
        return length === flowing ? undefined : `${length} of ${flowing}`;
      });
      expect(await avroOf(at.town, output, 0)).toEqual([]);
    }
    const asked = at.gateway.met.down;
    expect(asked).toBeGreaterThan(5);
    // Retries are paced: a registry that comes back is not met by a storm.
    expect(asked).toBeLessThan(OUTAGE_MS / 100);
    at.gateway.mood = 'up';
    await at.town.operator.caughtUp(groupId, [input], { withinMs: 30_000 });

    expect((await avroOf(at.town, output, 0)).map(({ body }) => body)).toEqual(held);
    expect((await avroOf(at.town, output, 1)).map(({ body }) => body)).toEqual(
      Array.from({ length: flowing }, (_, n) => plain(n)),
    );
    expect(await worker.end('SIGTERM')).toBe(0);
    const verified = await user.snowstamp('verify', '-c', config);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('verdict: proven') });
  }, 180_000);
});

describe('values that only their header can be stamped of', () => {
  const GUID = { __value_schema_id: Buffer.concat([Buffer.of(1), Buffer.alloc(16, 7)]) };

  it.each([
    ['deadLetter', 2],
    ['header', 0],
  ])(
    'schema named in a header, and ciphertext; onError %s',
    async (onError, dead) => {
      await using user = await User.open();
      const route = await open(user, `cipher-${onError.toLowerCase()}`, { onError });
      const known = await register(at.registry, `${route.input}-value`, PLAIN);
      const secret = await register(at.registry, `${route.input}-secret`, NEWER);
      at.gateway.rules.set(secret, { encodingRules: [{ name: 'encrypt', type: 'ENCRYPT_PAYLOAD' }] });
      const cipher = prefixed(secret, Buffer.from('3f8a9bc0d1', 'hex'));
      await send(route.input, 0, [plain(1)], GUID);
      await send(route.input, 0, [cipher, prefixed(known, plain(2))]);
      const worker = user.run(route.config);
      await at.town.operator.caughtUp(route.groupId, [route.input], { withinMs: 30_000 });
      expect(await worker.end('SIGTERM')).toBe(0);

      const codes = ['VALUE_SCHEMA_IN_HEADER', 'SCHEMA_ENCRYPTED'].slice(0, dead);
      expect(await codesOf(at.town, route.dead)).toEqual(codes);
      const [records = []] = await readTopic(at.town.bootstrap, route.output);
      const said = records.map(({ value, headers }) => ({
        value: Buffer.from(value!).toString('hex'),
        headers: headers.map(({ name }) => String(name)),
      }));
      const inHeader = [
        { value: plain(1).toString('hex'), headers: ['__value_schema_id', 'snowflake_id'] },
        { value: cipher.toString('hex'), headers: ['snowflake_id'] },
      ];
      expect(said.slice(0, -1)).toEqual(inHeader.slice(dead));
      expect(said.at(-1)).toEqual({ value: expect.any(String), headers: [] });
      expect(stampedAvro(Buffer.from(said.at(-1)!.value, 'hex')).body).toEqual(plain(2));
      const verified = await user.snowstamp('verify', '-c', route.config);
      // A header stamp whose schema may have been refused: verify says so, and does not call it proven.
      const verdict = onError === 'header' ? 'unproven' : 'proven';
      expect(verified.stdout).toContain(`verdict: ${verdict}`);
      at.gateway.rules.delete(secret);
    },
    90_000,
  );
});

describe('a legacy ID in a field of Avro', () => {
  it('is read by the schema of each event, mapped, looked up and verified', async () => {
    await using user = await User.open();
    const mapping = `${randomName('avro')}-ids`;
    await at.town.operator.create({ topic: mapping, partitions: 1, config: { 'cleanup.policy': 'compact' } });
    const legacy = { from: 'field', name: 'order_id' };
    const { input, output, groupId, config } = await open(user, 'avro-legacy', {
      mapping: { topic: mapping, legacy, missing: 'skip' },
    });
    const first = record(field('list', { type: 'array', items: 'string' }), field('order_id', 'long'));
    const second = record(field('order_id', ['null', 'string']), field('list', 'string'));
    const ids = [
      await register(at.registry, `${input}-one`, first),
      await register(at.registry, `${input}-two`, second),
    ];
    const long = avroType(first).toBuffer({ list: ['a', 'b'], order_id: 9_007_199_254_740_993n });
    const text = avroType(second).toBuffer({ order_id: { string: 'A-7' }, list: 'x' });
    const none = avroType(second).toBuffer({ order_id: null, list: 'x' });
    await send(input, 0, [prefixed(ids[0]!, long), prefixed(ids[1]!, text), prefixed(ids[1]!, none)]);
    const worker = user.run(config);
    await at.town.operator.caughtUp(groupId, [input], { withinMs: 30_000 });
    expect(await worker.end('SIGTERM')).toBe(0);

    const stamped = await avroOf(at.town, output);
    const [words = []] = await readTopic(at.town.bootstrap, mapping);
    const spelt = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
    expect(words.map(({ key, value }) => [spelt(key), spelt(value)])).toEqual([
      ['9007199254740993', String(stamped[0]!.id)],
      ['A-7', String(stamped[1]!.id)],
    ]);
    expect(await user.snowstamp('mapping', 'get', '9007199254740993', '-c', config)).toMatchObject({
      ...{ code: 0, stdout: `${stamped[0]!.id}\n` },
    });
    const verified = await user.snowstamp('verify', '-c', config);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('verdict: proven') });
    expect(verified.stdout).toContain('2 mapped, 1 events without legacy ID, 0 missing');
    await at.town.producer.send({
      topic: mapping,
      messages: [{ key: 'A-7', value: String(stamped[0]!.id) }],
    });
    expect(await user.snowstamp('verify', '-c', config)).toMatchObject({
      ...{ code: 1, stdout: expect.stringContaining('verdict: failed') },
    });
  }, 90_000);
});
