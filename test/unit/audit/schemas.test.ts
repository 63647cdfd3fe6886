import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { whyNotStamped } from '../../../src/audit/derived-schema.ts';
import { registryJudge } from '../../../src/audit/registry-judge.ts';
import type { ValueRule } from '../../../src/audit/rule.ts';
import { SchemaSteps } from '../../../src/audit/schema-steps.ts';
import { SchemaTexts } from '../../../src/audit/schema-texts.ts';

const FIELD = 'snowflake_id';
const RULE: ValueRule = {
  ...{ format: 'avro', wire: 'confluent', shape: 'flat', field: FIELD },
  ...{ fieldNumber: 2_047, nullable: false, orHeader: false },
};
const TYPES = { avro: 'AVRO', json: 'JSON', protobuf: 'PROTOBUF' } as const;
const golden = (name: string): string => readFileSync(`schemas/${name}`, 'utf8');
const of = (format: ValueRule['format'], text: string, references = '[]') => ({
  type: TYPES[format],
  text,
  references,
});

const why = (change: Partial<ValueRule>, before: string, after: string, path = '') => {
  const rule = { ...RULE, ...change };
  return whyNotStamped(of(rule.format, before), of(rule.format, after), rule, path);
};

const json = { format: 'json' } as const;
const protobuf = { format: 'protobuf' } as const;
const envelope = { shape: 'envelope' } as const;
const ORDER = {
  avro: golden('avro/order.avsc'),
  json: golden('json/order.schema.json'),
  proto: golden('proto/order.proto'),
};
const STAMPED = {
  avro: golden('avro/order.stamped.avsc'),
  json: golden('json/order.stamped.schema.json'),
  proto: golden('proto/order.stamped.proto'),
};
const reformatted = (text: string): string => text.replaceAll(/\n\s*/g, ' ');

describe('a stamped schema is known by its text', () => {
  it.each([
    ['Avro', {}, ORDER.avro, STAMPED.avro, ''],
    ['Avro, printed anew by a registry', {}, ORDER.avro, reformatted(STAMPED.avro), ''],
    ['Avro envelope', envelope, ORDER.avro, golden('avro/order.envelope.avsc'), ''],
    ['JSON', json, ORDER.json, STAMPED.json, ''],
    ['JSON envelope', { ...json, ...envelope }, ORDER.json, golden('json/order.envelope.schema.json'), ''],
    ['Protobuf', protobuf, ORDER.proto, STAMPED.proto, '0'],
  ] as const)('%s: the golden files', (_, change, before, after, path) => {
    expect(why(change, before, after, path)).toBeUndefined();
  });

  it.each([
    ['Avro, not stamped', {}, ORDER.avro, ORDER.avro, ''],
    ['Avro, another field', { field: 'id' }, ORDER.avro, STAMPED.avro, ''],
    ['Avro, not nullable', { nullable: true }, ORDER.avro, STAMPED.avro, ''],
    ['Avro, an envelope instead', {}, ORDER.avro, golden('avro/order.envelope.avsc'), ''],
    ['Avro, flat instead', envelope, ORDER.avro, STAMPED.avro, ''],
    ['Avro, a doc changed', {}, ORDER.avro, STAMPED.avro.replace('An order was placed', 'An order'), ''],
    ['JSON, not stamped', json, ORDER.json, ORDER.json, ''],
    ['JSON, a limit moved', json, ORDER.json, STAMPED.json.replace('"minItems": 1', '"minItems": 2'), ''],
    [
      'JSON, opened',
      json,
      ORDER.json,
      STAMPED.json.replace('"additionalProperties": false', '"additionalProperties": true'),
      '',
    ],
    [
      'JSON, a member more',
      json,
      ORDER.json,
      STAMPED.json.replace('"properties": {', '"properties": {"x":{},'),
      '',
    ],
    ['JSON, not required', json, ORDER.json, STAMPED.json.replace(`"${FIELD}",`, ''), ''],
    [
      'JSON, an event changed',
      { ...json, ...envelope },
      ORDER.json,
      golden('json/order.envelope.schema.json').replace('"minItems": 1', '"minItems": 2'),
      '',
    ],
    ['Protobuf, not stamped', protobuf, ORDER.proto, ORDER.proto, '0'],
    ['Protobuf, another number', { ...protobuf, fieldNumber: 5 }, ORDER.proto, STAMPED.proto, '0'],
    ['Protobuf, another message', protobuf, ORDER.proto, STAMPED.proto, '0.0'],
    [
      'Protobuf, a field changed',
      protobuf,
      ORDER.proto,
      STAMPED.proto.replace('price_cents = 3', 'price_cents = 4'),
      '0',
    ],
  ] as const)('%s: refused', (_, change, before, after, path) => {
    expect(why(change, before, after, path)).toEqual(expect.any(String));
  });

  it('a default beyond 2^53 is compared as it is written', () => {
    const record = (value: string, id = ''): string =>
      `{"type":"record","name":"R","fields":[${id}{"name":"n","type":"long","default":${value}}]}`;
    const id = `{"name":"${FIELD}","type":"long"},`;
    expect(why({}, record('9223372036854775807'), record('9223372036854775807', id))).toBeUndefined();
    expect(why({}, record('9223372036854775807'), record('9223372036854775806', id))).toBeDefined();
  });

  it('messages are counted past comments, strings, enums and nesting', () => {
    const text = (stamp: string): string =>
      `// message X {\nimport "message Y {";\nenum E { A = 0; }\nmessage First { message Inner { } }\nmessage Second { enum F { B = 0; } message Inner {${stamp} int32 a = 1; } }`;
    const after = text(`\n  sfixed64 ${FIELD} = 2047;`);
    expect(why(protobuf, text(''), after, '1.0')).toBeUndefined();
    expect(why(protobuf, text(''), after, '0.0')).toBeDefined();
    expect(why(protobuf, text(''), after, '2')).toBe('the original has no message 2');
  });

  describe('Protobuf that a registry printed anew', () => {
    const printed = (text: string): string =>
      `// Proto schema formatted by somebody.\n${text
        .replaceAll(/\/\/[^\n]*/g, '')
        .replaceAll(/\s+/g, ' ')
        .replaceAll(';', ';\n')}`;

    it('is compared by what it says: blanks, comments, the order of fields and options', () => {
      expect(printed(STAMPED.proto)).not.toBe(STAMPED.proto);
      expect(why(protobuf, ORDER.proto, printed(STAMPED.proto), '0')).toBeUndefined();
      const option = `syntax = "proto3";\noption java_package = 'a.b';\noption go_package = "c";\n`;
      const other = `syntax = 'proto3';\noption go_package = "c";\noption java_package = "a.b";\n`;
      const message = (id: string): string => `message A {\n${id}  string a = 1 [(x) = { y: 1; z: 2 }];\n}\n`;
      const id = `  sfixed64 ${FIELD} = 2047;\n`;
      expect(why(protobuf, option + message(''), other + message(id), '0')).toBeUndefined();
    });

    it('control: another message order, another field, another value of an option are differences', () => {
      const two = (id: string, names: readonly string[]): string =>
        names.map((name) => `message ${name} {${name === 'A' ? id : ''} int32 n = 1; }`).join('\n');
      const id = ` sfixed64 ${FIELD} = 2047;`;
      expect(why(protobuf, two('', ['A', 'B']), two(id, ['A', 'B']), '0')).toBeUndefined();
      expect(why(protobuf, two('', ['A', 'B']), two(id, ['B', 'A']), '0')).toBeDefined();
      expect(why(protobuf, two('', ['A']), two(`${id} int32 m = 2;`, ['A']), '0')).toBeDefined();
      const option = (value: number): string => `option (x) = { y: ${value} };\n`;
      expect(why(protobuf, option(1) + two('', ['A']), option(1) + two(id, ['A']), '0')).toBeUndefined();
      expect(why(protobuf, option(1) + two('', ['A']), option(2) + two(id, ['A']), '0')).toBeDefined();
      expect(why(protobuf, two('', ['A']), `${two(id, ['A'])} }`, '0')).toBeDefined();
    });
  });

  it('limits of size grow by one, and by no more; references stay', () => {
    const limited = (most: number, rest = ''): string => `{"type":"object","maxProperties":${most}${rest}}`;
    const stamp = `,"required":["${FIELD}"],"properties":{"${FIELD}":{"type":"string","pattern":"^(0|[1-9][0-9]{0,18})$"}}`;
    expect(why(json, limited(3), limited(4, stamp))).toBeUndefined();
    expect(why(json, limited(3), limited(5, stamp))).toBeDefined();
    const reference = '[{"name":"a","subject":"a","version":1}]';
    expect(
      whyNotStamped(of('avro', ORDER.avro, reference), of('avro', STAMPED.avro, reference), RULE, ''),
    ).toBeUndefined();
    expect(whyNotStamped(of('avro', ORDER.avro, reference), of('avro', STAMPED.avro), RULE, '')).toBe(
      'they refer to different schemas',
    );
    expect(whyNotStamped(of('avro', ORDER.avro), of('json', STAMPED.json), RULE, '')).toContain(
      'the route stamps avro',
    );
  });
});

describe('the registry vouches', () => {
  const step = { from: 1, to: 2, messagePath: '' };

  /** A registry of two schemas, which answers 404 for others and `status` when told to. */
  async function asked(
    schemas: readonly string[],
    status = 200,
  ): Promise<{ verdict: string; why: string; requests: number; authorization: string | undefined }> {
    let requests = 0;
    let authorization: string | undefined;
    const server = createServer((request, response) => {
      requests++;
      authorization = request.headers.authorization;
      const schema = schemas[Number(/^\/path\/schemas\/ids\/(\d+)$/.exec(request.url ?? '')![1]) - 1];
      response.writeHead(schema === undefined ? 404 : status).end(JSON.stringify({ schema }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const texts = new SchemaTexts({
        ...{ url: `http://127.0.0.1:${port}/path`, tls: undefined, timeoutMs: 2_000 },
        auth: { kind: 'basic', username: 'u', password: 'p' },
      });
      const steps = new SchemaSteps('r');
      for (let i = 0; i < 3; i++) steps.add(step);
      const [report] = await steps.judge(registryJudge(texts)(RULE));
      expect(report).toMatchObject({ ...step, route: 'r', records: 3 });
      return { ...report!, requests, authorization };
    } finally {
      await new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      });
    }
  }

  it('for the schema it derived; each is asked for once, with credentials', async () => {
    expect(await asked([ORDER.avro, STAMPED.avro])).toMatchObject({
      ...{ verdict: 'proven', requests: 2, authorization: 'Basic dTpw' },
    });
  });

  it('not for another one; what is unknown, or not to be had, is unproven', async () => {
    expect(await asked([ORDER.avro, ORDER.avro])).toMatchObject({
      verdict: 'failed',
      why: `its first field is not ${FIELD}`,
    });
    expect(await asked([ORDER.avro])).toMatchObject({
      verdict: 'unproven',
      why: 'schema 2: the registry answered 404',
    });
    expect(await asked([ORDER.avro, STAMPED.avro], 500)).toMatchObject({ verdict: 'unproven' });
    const nobody = new SchemaTexts({
      url: 'http://127.0.0.1:1',
      auth: { kind: 'none' },
      tls: undefined,
      timeoutMs: 500,
    });
    expect(await registryJudge(nobody)(RULE)(step)).toMatchObject({ at: 'undecided' });
  });

  it('two schemas of one are right only where it vouches for both', async () => {
    const steps = (): SchemaSteps => {
      const all = new SchemaSteps('r');
      all.add(step);
      all.add({ ...step, to: 3 });
      return all;
    };
    const verdicts = async (judge: Parameters<SchemaSteps['judge']>[0]) =>
      (await steps().judge(judge)).map(({ verdict }) => verdict);
    expect(await verdicts(undefined)).toEqual(['failed', 'failed']);
    expect(await verdicts(() => Promise.resolve({ at: 'proven', why: '' }))).toEqual(['proven', 'proven']);
  });
});
