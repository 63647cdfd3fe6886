/** Stamped events read in Java, Python, Go and TypeScript by the programs that schemas/README.md shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { readBy, readByFaulty, SOURCES, type Language } from '../support/readers.ts';
import { avroType } from '../support/schemas/avro-types.ts';
import { bookOf, ready, settings, through, valued } from '../unit/stamp/value-drive.ts';

const SCHEMAS = join(import.meta.dirname, '../../schemas');
const text = (path: string): string => readFileSync(join(SCHEMAS, path), 'utf8');
const LANGUAGES = Object.keys(SOURCES) as Language[];

/** The least, two neighbours that are one double, and the largest there is. */
const IDS = [1n, 382_375_012_809_593_066n, 382_375_012_809_593_067n, 2n ** 63n - 1n];
const CUSTOMER = 9_007_199_254_740_993n;
const NUMBER = 'A-1001';

type Format = 'avro' | 'json' | 'protobuf';

/** An order as its producer wrote it, in Confluent's wire format. */
const PLAIN: Readonly<Record<Format, () => Buffer>> = {
  avro: () =>
    avroType(text('avro/order.avsc')).toBuffer({
      ...{ order_number: NUMBER, customer_number: CUSTOMER, placed_at: 1_769_860_800_000n },
      ...{ lines: [{ article: 'screwdriver', quantity: 2, price_cents: 1_299n }], note: null },
    }),
  json: () => Buffer.from(JSON.stringify((JSON.parse(text('json/order.examples.json')) as object[])[0])),
  protobuf: () => {
    const { root } = protobuf.parse(text('proto/order.proto'), { keepCase: true });
    const type = root.lookupType('com.acme.shop.Order');
    const order = type.fromObject({ order_number: NUMBER, customer_number: String(CUSTOMER) });
    return Buffer.concat([Buffer.of(0), type.encode(order).finish()]);
  },
};

/** What the product makes of it. */
function stamped(format: Format, shape: 'flat' | 'envelope', id: bigint): Buffer {
  const value = Buffer.concat([Buffer.of(0, 0, 0, 0, 7), PLAIN[format]()]);
  const how = settings({ format, shape, wire: 'confluent' });
  const { record } = through(how, valued(value), { id, book: bookOf({ 7: ready(8), '7/0': ready(8) }) });
  return Buffer.from(record!.value!);
}

const CASES = (
  [
    ['avro', 'flat'],
    ['avro', 'envelope'],
    ['json', 'flat'],
    ['json', 'envelope'],
    ['protobuf', 'flat'],
  ] as const
).flatMap(([format, shape]) => IDS.map((id) => ({ format, shape, id })));

const linesFor = (cases: typeof CASES): string[] =>
  cases.map(({ format, shape, id }) => `${format} ${shape} ${stamped(format, shape, id).toString('base64')}`);

describe('a stamped event is read to the last bit', () => {
  it.each(LANGUAGES)(
    'in %s: Avro, JSON and Protobuf, flat and enveloped',
    async (language) => {
      expect(await readBy(language, linesFor(CASES))).toEqual(
        CASES.map(({ id }) => `${id} ${NUMBER} ${CUSTOMER}`),
      );
    },
    300_000,
  );

  const FAULTS = [
    ['typescript', 'avro', 'bytes.readBigInt64LE(0)', 'BigInt(Number(bytes.readBigInt64LE(0)))'],
    ['typescript', 'json', 'BigInt(event.snowflake_id)', 'BigInt(Number(event.snowflake_id))'],
    ['typescript', 'protobuf', 'longs: String', 'longs: Number'],
    ['python', 'json', 'int(event["snowflake_id"])', 'int(float(event["snowflake_id"]))'],
  ] as const;

  it.each(FAULTS)(
    'control: in %s, %s by way of a double gives other IDs, and one ID for two',
    async (language, format, place, fault) => {
      const cases = CASES.filter((one) => one.format === format);
      const printed = await readByFaulty(language, [place, fault], linesFor(cases));
      const read = printed.map((line) => BigInt(line.split(' ')[0]!));
      expect(read).toEqual(cases.map(({ id }) => BigInt(Number(id))));
      const wrong = cases.filter(({ id }, i) => read[i] !== id);
      expect(wrong.map(({ id }) => id)).toEqual(cases.map(({ id }) => id).filter((id) => id !== 1n));
      expect(read[1]).toBe(read[2]);
    },
    300_000,
  );
});

/** Lines of code, without their indentation. */
const linesOf = (code: string): string[] =>
  code
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Pieces of the programs between a comment and `end`. */
function piecesOf(language: Language): string[][] {
  const pieces: string[][] = [];
  let piece: string[] = [];
  for (const line of linesOf(readFileSync(SOURCES[language], 'utf8'))) {
    if (/^(?:\/\/|#) end$/.test(line)) pieces.push(piece);
    if (/^(?:\/\/|#) (?:Avro|JSON|Protobuf|end)/.test(line)) piece = [];
    piece.push(line);
  }
  return pieces;
}

/** The lines the page shows in a language. */
function shownIn(page: string, language: Language): string[] {
  const fence = language === 'typescript' ? 'ts' : language;
  return linesOf(new RegExp(`\n\`\`\`${fence}\n([^]*?)\`\`\``).exec(page)![1]!);
}

describe('schemas/README.md', () => {
  it.each(LANGUAGES)('shows the reader in %s as it runs', (language) => {
    const pieces = piecesOf(language);
    expect(pieces.length).toBeGreaterThanOrEqual(3);
    expect(shownIn(text('README.md'), language)).toEqual(pieces.flat());
  });

  it.each(LANGUAGES)('control: each line of %s is noticed when it is another, or gone', (language) => {
    const page = text('README.md');
    const pieces = piecesOf(language).flat();
    for (const line of new Set(pieces)) {
      const all = (to: string): string => page.replaceAll(line, () => to);
      expect(shownIn(all(`${line}x`), language)).not.toEqual(pieces);
      expect(shownIn(all(''), language)).not.toEqual(pieces);
    }
  });
});
