import { describe, expect, it } from '@jest/globals';
import type { LegacyRule } from '../../../src/audit/legacy.ts';
import type { MappingRule } from '../../../src/audit/mapping-audit.ts';
import { text } from '../records/plain-codec.ts';
import { AuditTown, header, HEADER } from './town.ts';

const TOPIC = { topic: 'map', prefix: '', isDeleted: false, isShared: false, timeOf: undefined };

describe('legacy IDs in a field of Avro', () => {
  const legacy: LegacyRule = {
    ...{ from: 'field', name: 'id', integers: 'signed', format: 'avro', wire: 'confluent' },
  };
  const event = (schemaId: number, id: number): Buffer => Buffer.from([0, 0, 0, 0, schemaId, id]);
  const asked: number[] = [];
  const avro: NonNullable<MappingRule['avro']> = (schemaId) => {
    asked.push(schemaId);
    if (schemaId > 2) return Promise.resolve(schemaId === 3 ? 'none' : 'unknown');
    return Promise.resolve(([byte]: Uint8Array) => (byte === 0 ? undefined : `${schemaId}/${byte}`));
  };
  const judged = async (events: readonly Buffer[], words: readonly (readonly [string, string])[]) => {
    const made = new AuditTown({ mapping: { ...TOPIC, legacy, avro } })
      .put('in', ...events.map((value) => ({ value })))
      .put('out', ...events.map((value, i) => ({ value, headers: [header(HEADER, String(11 + i))] })))
      .committed(events.length, `v1:${10 + events.length}:${events.length - 1}`)
      .put('map', ...words.map(([key, id]) => ({ key: text(key), value: text(id) })));
    const { verdict: whole, mappings } = await made.verify();
    return { ...mappings[0]!, verdict: whole };
  };

  it('are read by the schema each event names, asked for once', async () => {
    const events = [event(1, 7), event(2, 7), event(1, 8), event(3, 9), event(1, 0)];
    const words = [
      ['1/7', '11'],
      ['2/7', '12'],
      ['1/8', '13'],
    ] as const;
    expect(await judged(events, words)).toMatchObject({ verdict: 'proven', mapped: 3, withoutLegacy: 2 });
    expect(asked).toEqual([1, 2, 3]);
    expect(await judged(events, [words[0], ['2/7', '13'], words[2]])).toMatchObject({
      ...{ verdict: 'failed', mapped: 2, extra: 1 },
    });
  });

  it('of a schema nobody gives out: unproven', async () => {
    expect(await judged([event(4, 1)], [['x', '11']])).toMatchObject({ verdict: 'unproven', unproven: 1 });
  });
});
