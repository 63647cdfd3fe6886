import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runPython } from '../support/judge.ts';
import { corpus, type CorpusCase, type CorpusEvent } from '../support/splice/corpus.ts';
import { FIELD, FORMATS, type Format } from '../support/splice/inputs.ts';

/** 20,000 by default; more: SNOWSTAMP_CORPUS=100000. */
const COUNT = Number(process.env['SNOWSTAMP_CORPUS'] ?? 20_000);
const SEED = Number(process.env['SNOWSTAMP_CORPUS_SEED'] ?? Date.now() % 2 ** 31);
/** Of each JSON case: jsonschema is slow. */
const VALIDATED = 2;

interface Judgement {
  readonly events: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
  readonly differences: number;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const lineOf = ({ format, shape, schema, stamped, path, events }: CorpusCase): string =>
  JSON.stringify({
    ...{ type: format.toUpperCase(), schema, stamped, field: FIELD, shape, path, validated: VALIDATED },
    events: events.map((event) => ({
      ...{ plain: base64(event.plain), stamped: base64(event.stamped), id: event.id.toString() },
    })),
  });

/** Fastavro, Google's protobuf behind its own compiler, and Python's json and jsonschema look at all of them. */
async function judged(cases: Iterable<CorpusCase>): Promise<Judgement> {
  const folder = await mkdtemp(join(tmpdir(), 'snowstamp-corpus-'));
  try {
    const path = join(folder, 'cases.jsonl');
    const file = await open(path, 'w');
    for (const one of cases) await file.write(`${lineOf(one)}\n`);
    await file.close();
    return (await runPython('schemas.py', { cases: path })) as Judgement;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A case with at least one event of ten bytes, so that there is something to damage. */
function sample(format: Format, fits: (one: CorpusCase) => boolean = () => true): CorpusCase {
  for (const one of corpus(format, 100_000, SEED)) {
    const events = one.events.filter(({ plain }) => plain.length >= 10);
    if (events.length > 0 && fits(one)) return { ...one, events: events.slice(0, 5) };
  }
  throw new Error('no such case');
}

const damaged = (one: CorpusCase, change: (event: CorpusEvent) => Uint8Array): CorpusCase => ({
  ...one,
  events: one.events.map((event) => ({ ...event, stamped: change(event) })),
});
const changedAt = (bytes: Uint8Array, at: number, by: number): Uint8Array =>
  bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ by : byte));

describe('random events of random schemas, stamped by splice, read in Python', () => {
  it.each(FORMATS)(
    '%s: each event is its original and the ID',
    async (format) => {
      const { events, faults, differences } = await judged(corpus(format, COUNT, SEED));
      expect({ seed: SEED, faults, differences }).toEqual({ seed: SEED, faults: [], differences: 0 });
      expect(events[format.toUpperCase()]).toBeGreaterThanOrEqual(COUNT);
    },
    900_000,
  );

  const text = (event: CorpusEvent): string => Buffer.from(event.stamped).toString();
  const isFlat = ({ shape }: CorpusCase): boolean => shape === 'flat';
  const PLANTED: readonly (readonly [string, Format, (event: CorpusEvent) => Uint8Array])[] = [
    ['an ID that is another', 'avro', ({ stamped }) => changedAt(stamped, 0, 2)],
    ['an ID that is another', 'protobuf', ({ stamped }) => changedAt(stamped, -8, 1)],
    ['an ID that is another', 'json', (e) => Buffer.from(text(e).replace(`${e.id}`, `${e.id ^ 1n}`))],
    ['an ID that is a number', 'json', (e) => Buffer.from(text(e).replace(`"${e.id}"`, `${e.id}`))],
    ['a member too many', 'json', (e) => Buffer.from(text(e).replace('{', '{"more":1,'))],
    ['an event without its own bytes', 'protobuf', ({ stamped }) => stamped.slice(-10)],
  ];

  it.each(PLANTED)('planted: %s (%s) is noticed in every event', async (_, format, change) => {
    const one = damaged(sample(format, isFlat), change);
    const { differences } = await judged([one]);
    expect(differences).toBeGreaterThanOrEqual(one.events.length);
  });

  it('planted: bytes left behind an Avro event, which no reader may pass over', async () => {
    const one = damaged(sample('avro'), ({ stamped }) => Buffer.concat([stamped, Buffer.of(0)]));
    await expect(judged([one])).rejects.toThrow(/bytes are left/);
  });
});
