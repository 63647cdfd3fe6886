import { describe, expect, it } from '@jest/globals';
import { avroType } from '../../support/schemas/avro-types.ts';
import { eventually, randomName } from '../../support/topics.ts';
import { User } from '../cli/program.ts';
import type { Mood } from './gateway.ts';
import { avroOf, codesOf, prefixed, register, routeFor, type Route, withRegistry } from './scene.ts';

const SCHEMAS = new URL('../../../schemas', import.meta.url).pathname;
const at = withRegistry();

/** A record with one field more in each version. */
const version = (n: number): object => ({
  ...{ type: 'record', name: 'Event', namespace: 'test' },
  fields: [
    { name: 'n', type: 'int' },
    ...Array.from({ length: n - 1 }, (_, i) => ({ name: `f${i}`, type: 'string', default: '' })),
  ],
});
const eventOf = (n: number, i: number): Buffer =>
  avroType(JSON.stringify(version(n))).toBuffer({
    n: i,
    ...Object.fromEntries(Array.from({ length: n - 1 }, (_, f) => [`f${f}`, 'x'])),
  });

const stampedOf = (topic: string) => avroOf(at.town, topic);
const open = (user: User, input: string, changes: object = {}): Promise<Route> =>
  routeFor(at.town, user, input, {
    stamp: { in: 'value', format: 'avro', wire: 'confluent' },
    registry: { url: at.gateway.url, ...at.gateway.user, timeoutMs: 500, negativeTtlMs: 1_000, ...changes },
  });
const send = (topic: string, values: readonly Buffer[]) =>
  at.town.producer.send({ topic, messages: values.map((value) => ({ key: 'k', value })) });

describe('a registry that is not always well, behind a path and a password', () => {
  it('down, failing, hung, each in the middle of new schemas: nothing lost, unstamped or twice; bad values are dead letters', async () => {
    await using user = await User.open();
    const { input, output, dead, groupId, config } = await open(user, randomName('outage'));
    const worker = user.run(config);
    const expected: Buffer[] = [];
    const moods: readonly Mood[] = ['up', 'down', 'failing', 'hung'];
    for (const [i, mood] of moods.entries()) {
      const schemaId = await register(at.registry, `${input}-value`, JSON.stringify(version(i + 1)));
      const bodies = Array.from({ length: 50 }, (_, n) => eventOf(i + 1, n));
      at.gateway.mood = mood;
      await send(
        input,
        bodies.map((body) => prefixed(schemaId, body)),
      );
      expected.push(...bodies);
      if (mood !== 'up') {
        const before = at.gateway.met[mood];
        await eventually(`the registry asked while ${mood}`, 15_000, () =>
          Promise.resolve(at.gateway.met[mood] >= before + 2 ? undefined : `${at.gateway.met[mood]} times`),
        );
        expect(await stampedOf(output)).toHaveLength(expected.length - bodies.length); // held, not skipped
        at.gateway.mood = 'up';
      }
      await at.town.operator.caughtUp(groupId, [input], { withinMs: 20_000 });
    }
    await send(input, [prefixed(2_000_000_000, Buffer.of(2)), Buffer.of(9, 0, 0, 0, 1, 2), Buffer.of(0, 0)]);
    await at.town.operator.caughtUp(groupId, [input], { withinMs: 20_000 });

    const stamped = await stampedOf(output);
    expect(stamped.map(({ body }) => body.toString('hex'))).toEqual(
      expected.map((body) => body.toString('hex')),
    );
    expect(new Set(stamped.map(({ id }) => id)).size).toBe(expected.length);
    expect(new Set(stamped.map(({ schemaId }) => schemaId)).size).toBe(moods.length);
    expect(await codesOf(at.town, dead)).toEqual([
      'SCHEMA_UNKNOWN',
      expect.stringMatching(/^VALUE_/),
      expect.stringMatching(/^VALUE_/),
    ]);
    expect(await worker.end('SIGTERM')).toBe(0);
    const verified = await user.snowstamp('verify', '-c', config);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('verdict: proven') });
    expect(at.gateway.met.refused).toBe(0);
  }, 120_000);
});

describe('schemas register, and workers that may not', () => {
  it('registers the shipped folder once; check agrees; registerMode deny stamps what is there, buries what is not', async () => {
    await using user = await User.open();
    const { input, output, dead, groupId, config } = await open(user, randomName('deny'), {
      registerMode: 'deny',
    });
    const first = await user.snowstamp('schemas', 'register', SCHEMAS, '-c', config);
    expect(first).toMatchObject({ code: 0 });
    const again = await user.snowstamp('schemas', 'register', SCHEMAS, '--json', '-c', config);
    const { versions } = JSON.parse(again.stdout) as { versions: { outcome: string }[] };
    expect(versions.length).toBeGreaterThan(10);
    expect(versions.filter(({ outcome }) => outcome !== 'there')).toEqual([]);
    expect(await user.snowstamp('schemas', 'check', SCHEMAS, '-c', config)).toMatchObject({ code: 0 });

    const known = await register(at.registry, `${input}-value`, JSON.stringify(version(1)));
    const derived = version(1) as { fields: object[] };
    const fields = [{ name: 'snowflake_id', type: 'long' }, ...derived.fields];
    await register(at.registry, `${output}-value`, JSON.stringify({ ...derived, fields }));
    const unknown = await register(at.registry, `${input}-value`, JSON.stringify(version(2)));
    await send(input, [prefixed(known, eventOf(1, 1)), prefixed(unknown, eventOf(2, 2))]);
    const worker = user.run(config);
    await at.town.operator.caughtUp(groupId, [input], { withinMs: 20_000 });
    expect((await stampedOf(output)).map(({ body }) => body)).toEqual([eventOf(1, 1)]);
    expect(await codesOf(at.town, dead)).toEqual(['SCHEMA_NOT_REGISTERED']);
    expect(await worker.end('SIGTERM')).toBe(0);
  }, 120_000);
});
