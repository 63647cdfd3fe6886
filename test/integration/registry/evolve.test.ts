import { describe, expect, it } from '@jest/globals';
import { randomName } from '../../support/topics.ts';
import { readTopic } from '../../support/topics-reader.ts';
import { User } from '../cli/program.ts';
import { EVOLUTIONS, type Evolution } from './evolutions.ts';
import { codesOf, prefixed, register, routeFor, withRegistry } from './scene.ts';

const EVENTS = 5;
const at = withRegistry();

/** An operator guards a subject that workers made: they change no level. */
async function setLevel(subject: string): Promise<void> {
  const answer = await fetch(`${at.registry}/config/${subject}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: 'BACKWARD' }),
  });
  expect(answer.status).toBe(200);
}

/** The event's own bytes out of a stamped value, by the format's plain definition. */
function originalOf({ format }: Evolution, value: Buffer): string {
  const body = value.subarray(5);
  if (format === 'protobuf') return body.subarray(1, -10).toString('hex');
  if (format === 'avro') return body.subarray(body.findIndex((byte) => byte < 128) + 1).toString('hex');
  return Buffer.from(body.toString().replace(/^\{"snowflake_id":"\d+",?/, '{')).toString('hex');
}

describe('schemas evolve mid-stream; stamped subjects are BACKWARD', () => {
  it.each(EVOLUTIONS)(
    '$format: six legal changes flow, four illegal ones are dead letters by the registry’s word; nothing is lost',
    async (evolution) => {
      const { format, type, versions, event } = evolution;
      await using user = await User.open();
      const { input, output, dead, groupId, config } = await routeFor(
        at.town,
        user,
        randomName(`evolve-${format}`),
        {
          stamp: { in: 'value', format, wire: 'confluent' },
          registry: { url: at.registry, compatibility: 'BACKWARD' },
        },
      );
      const worker = user.run(config);
      const legal: string[] = [];
      let illegal = 0;
      for (const { schema, isLegal } of versions) {
        const schemaId = await register(at.registry, `${input}-value`, schema, type);
        const bodies = Array.from({ length: EVENTS }, (_, i) => event(schema, i));
        const index = format === 'protobuf' ? [Buffer.of(0)] : [];
        await at.town.producer.send({
          topic: input,
          messages: bodies.map((body) => ({
            key: 'k',
            value: prefixed(schemaId, Buffer.concat([...index, body])),
          })),
        });
        if (isLegal) legal.push(...bodies.map((body) => Buffer.from(body).toString('hex')));
        else illegal += EVENTS;
        await at.town.operator.caughtUp(groupId, [input], { withinMs: 8_000 }).catch((error: unknown) => {
          throw new Error(`${String(error)}: ${schema}\n${worker.said.slice(-3).join('\n')}`);
        });
        if (illegal === 0 && legal.length === EVENTS) await setLevel(`${output}-value`);
      }
      const [records = []] = await readTopic(at.town.bootstrap, output);
      expect(records.map(({ value }) => originalOf(evolution, Buffer.from(value!)))).toEqual(legal);
      expect(await codesOf(at.town, dead)).toEqual(Array.from({ length: illegal }, () => 'SCHEMA_REFUSED'));
      expect([versions.filter(({ isLegal }) => isLegal).length - 1, illegal / EVENTS]).toEqual([6, 4]);
      expect(await worker.end('SIGTERM')).toBe(0);
      const verified = await user.snowstamp('verify', '-c', config);
      expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('verdict: proven') });
    },
    120_000,
  );
});
