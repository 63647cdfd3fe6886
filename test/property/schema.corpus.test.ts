import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { avroType } from '../support/schemas/avro-types.ts';
import { jsonValidator } from '../support/schemas/json-validator.ts';
import { corpus, type CorpusCase, type CorpusEvent } from '../support/splice/corpus.ts';
import { FIELD, type Format } from '../support/splice/inputs.ts';

/** 20,000 by default; more: SNOWSTAMP_CORPUS=100000. */
const COUNT = Number(process.env['SNOWSTAMP_CORPUS'] ?? 20_000);
const SEED = Number(process.env['SNOWSTAMP_CORPUS_SEED'] ?? Date.now() % 2 ** 31);

/** What a reader makes of each event; undefined: original and ID, nothing else. */
type Reader = (one: CorpusCase) => (event: CorpusEvent) => string | undefined;

const avsc: Reader = ({ schema, stamped, shape }) => {
  const [before, after] = [avroType(schema), avroType(stamped)];
  return ({ plain, stamped: bytes, id }) => {
    const read = after.fromBuffer(Buffer.from(bytes)) as Record<string, unknown>;
    if (read[FIELD] !== id) return `the ID is ${String(read[FIELD])}`;
    if (!after.toBuffer(read).equals(bytes)) return 'written again it is something else';
    const rest = without(read);
    const original = before.fromBuffer(Buffer.from(plain)) as object;
    return sameText(shape === 'envelope' ? read['event'] : rest, original) ? undefined : 'another event';
  };
};

const ajv: Reader = ({ schema, stamped, shape }) => {
  const [before, after] = [jsonValidator(schema), jsonValidator(stamped)];
  const verdict = (validate: typeof before, value: unknown): boolean | undefined => {
    try {
      return validate(value);
    } catch {
      return undefined; // ajv 8.20 stumbles over unevaluatedProperties beside a reference now and then
    }
  };
  return ({ plain, stamped: bytes, id }) => {
    const original = JSON.parse(Buffer.from(plain).toString()) as Record<string, unknown>;
    const read = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
    const [was, is] = [verdict(before, original), verdict(after, read)];
    if (was !== undefined && is !== undefined && was !== is) return `valid was ${was}, is ${is}`;
    if (read[FIELD] !== id.toString()) return `the ID is ${String(read[FIELD])}`;
    const rest = without(read);
    return sameText(shape === 'envelope' ? read['event'] : rest, original) ? undefined : 'another event';
  };
};

const protobufjs: Reader = ({ schema, stamped, path }) => {
  const [before, after] = [schema, stamped].map((text) => messageAt(text, path));
  const plainly = { longs: String, bytes: String, enums: Number } as const;
  return ({ plain, stamped: bytes, id }) => {
    const read = after!.toObject(after!.decode(bytes), plainly);
    if (read[FIELD] !== id.toString()) return `the ID is ${String(read[FIELD])}`;
    const original = before!.toObject(before!.decode(plain), plainly);
    const old = before!.toObject(before!.decode(bytes), plainly);
    if (!sameText(old, original)) return 'an old reader sees another event';
    return sameText(without(read), original) ? undefined : 'another event';
  };
};

const without = (read: object): object =>
  Object.fromEntries(Object.entries(read).filter(([name]) => name !== FIELD));

function messageAt(text: string, path: readonly number[]): protobuf.Type {
  const { root, package: name } = protobuf.parse(text, { keepCase: true });
  root.resolveAll();
  const messages = (of: protobuf.NamespaceBase): protobuf.Type[] =>
    of.nestedArray.filter((one) => one instanceof protobuf.Type);
  const start = name === undefined ? root : root.lookup(name);
  const [first, ...inner] = path;
  if (!(start instanceof protobuf.Namespace)) throw new Error(`no package ${name ?? ''}`);
  return inner.reduce((at, index) => messages(at)[index]!, messages(start)[first!]!);
}

/** Members in their order; longs as text, since JSON has none. */
const sameText = (a: unknown, b: unknown): boolean => spelt(a) === spelt(b);
const spelt = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one));

function differences(format: Format, reader: Reader, change = (event: CorpusEvent): CorpusEvent => event) {
  const wrong: string[] = [];
  let events = 0;
  for (const one of corpus(format, COUNT, SEED)) {
    const judge = reader(one);
    for (const event of one.events) {
      events++;
      const said = judge(change(event));
      if (said !== undefined && wrong.length < 3)
        wrong.push(`seed ${SEED}: ${said}: ${one.schema}: ${Buffer.from(event.stamped).toString('hex')}`);
    }
  }
  return { events, wrong };
}

const READERS: readonly (readonly [Format, string, Reader])[] = [
  ['avro', 'avsc', avsc],
  ['json', 'ajv and JSON.parse', ajv],
  ['protobuf', 'protobufjs', protobufjs],
];

describe('random events of random schemas, stamped by splice', () => {
  it.each(READERS)(
    '%s, read by %s: each is its original and the ID',
    (format, _, reader) => {
      const { events, wrong } = differences(format, reader);
      expect(wrong).toEqual([]);
      expect(events).toBeGreaterThanOrEqual(COUNT);
    },
    600_000,
  );

  it.each(READERS)('%s: control, %s notices an ID that is another by one', (format, _, reader) => {
    const [one] = corpus(format, 1, SEED);
    const judge = reader(one!);
    for (const event of one!.events) expect(judge({ ...event, id: event.id ^ 1n })).toMatch(/^the ID is/);
  });
});
