import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { headerPolicy } from '../../../src/stamp/header.ts';
import { rewrite } from './drive.ts';
import { decodeBatch } from './plain-codec.ts';

/** Batches made and read by another implementation than ours or the tests'. */
const require = createRequire(import.meta.url);
type Fields = Record<string, unknown>;
interface KafkaJsBatch {
  records: {
    timestamp: string;
    offset: string;
    key: Buffer | null;
    value: Buffer | null;
    headers: Record<string, unknown>;
  }[];
  producerId: string;
  inTransaction: boolean;
}
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (fields: Fields) => Promise<{ buffer: Buffer }>;
};
const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (fields: Fields) => unknown;
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => unknown;
const decode = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: unknown,
) => Promise<KafkaJsBatch>;

const BASE = 1_760_000_000_000;

async function kafkaJsBatch(compression: number): Promise<Buffer> {
  const records = [
    Record({
      offsetDelta: 0,
      timestampDelta: 0,
      key: Buffer.from('k0'),
      value: Buffer.from('v0'),
      headers: { a: Buffer.from('1') },
    }),
    Record({ offsetDelta: 1, timestampDelta: 5, key: null, value: null }),
    Record({
      offsetDelta: 2,
      timestampDelta: 200,
      key: Buffer.alloc(0),
      value: Buffer.alloc(5_000, 'z'),
      headers: { b: [Buffer.from('x'), Buffer.from('')] },
    }),
  ];
  const fields = { compression, firstTimestamp: BASE, maxTimestamp: BASE + 200, lastOffsetDelta: 2, records };
  return (await RecordBatch(fields)).buffer;
}

describe('batches of KafkaJS', () => {
  it.each([
    ['none', 0],
    ['gzip', 1],
  ] as const)('%s: are read, stamped and read back by KafkaJS', async (_name, compression) => {
    const { batches, results, malformed } = rewrite(
      await kafkaJsBatch(compression),
      headerPolicy('snowflake_id', 'replace'),
      { firstId: 5n },
    );
    expect([results, malformed]).toEqual([['stamped', 'stamped', 'stamped'], null]);
    expect(decodeBatch(batches[0]!).records.map(({ value }) => value?.length ?? null)).toEqual([
      2,
      null,
      5_000,
    ]);
    const again = await decode(new Decoder(Buffer.from(batches[0]!)));
    expect(again).toMatchObject({ producerId: '4711', inTransaction: true });
    const seen = again.records.map(({ timestamp, key, value, headers }) => ({
      timestamp,
      key: key?.toString() ?? null,
      length: value?.length ?? null,
      headers: JSON.parse(JSON.stringify(headers)) as unknown,
    }));
    const buffer = (value: string) => JSON.parse(JSON.stringify(Buffer.from(value))) as unknown;
    expect(seen).toEqual([
      {
        timestamp: String(BASE),
        key: 'k0',
        length: 2,
        headers: { a: buffer('1'), snowflake_id: buffer('5') },
      },
      { timestamp: String(BASE + 5), key: null, length: null, headers: { snowflake_id: buffer('6') } },
      {
        timestamp: String(BASE + 200),
        key: '',
        length: 5_000,
        headers: { b: [buffer('x'), buffer('')], snowflake_id: buffer('7') },
      },
    ]);
  });
});
