import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Folder } from '../../../src/commands/schema-catalog.ts';
import { schemasCheckCommand } from '../../../src/commands/schemas-check.ts';
import { schemasRegisterCommand } from '../../../src/commands/schemas-register.ts';
import { agentOf, RegistryHttp } from '../../../src/registry/http.ts';
import type { RegistrySettings } from '../../../src/registry/port.ts';
import { FakeRegistry } from '../../support/schemas/fake-registry.ts';
import { avroFolder, field, MemoryFolder, record, stampedRecord } from './schemas-folder.ts';

const ROOT = join(import.meta.dirname, '../../../schemas');
const shipped: Folder = {
  read: (path) => readFileSync(join(ROOT, path), 'utf8'),
  list: (path) => {
    try {
      return readdirSync(join(ROOT, path));
    } catch {
      return [];
    }
  },
};

let fake: FakeRegistry;
let http: RegistryHttp;

beforeEach(async () => {
  fake = await FakeRegistry.start();
  const settings: RegistrySettings = {
    url: fake.url,
    auth: { kind: 'none' },
    tls: undefined,
    timeoutMs: 2_000,
  };
  http = new RegistryHttp(settings, agentOf(settings));
});
afterEach(() => fake[Symbol.asyncDispose]());

async function check(folder: Folder, registry?: RegistryHttp): Promise<{ exit: number; text: string }> {
  const lines: string[] = [];
  const exit = await schemasCheckCommand({ folder, registry, json: false, out: (line) => lines.push(line) });
  return { exit, text: lines.join('\n') };
}

async function register(folder: Folder, dryRun = false): Promise<{ exit: number; lines: string[] }> {
  const lines: string[] = [];
  const exit = await schemasRegisterCommand({
    folder,
    registry: http,
    json: false,
    dryRun,
    out: (line) => lines.push(line),
  });
  return { exit, lines };
}

describe('schemas check', () => {
  it('finds nothing in the schemas shipped', async () => {
    const { exit, text } = await check(shipped);
    expect(text).toContain('0 problems');
    expect(text).not.toContain('PROBLEM');
    expect(exit).toBe(0);
    expect((await check(avroFolder())).exit).toBe(0);
  });

  it.each([
    [
      'a stamped file somebody formatted',
      { 'a.stamped.avsc': ` ${stampedRecord(field('a'))}` },
      'is not what is derived',
    ],
    [
      'a stamped version of the history that was changed',
      { 'history/t/v1.avsc': record() },
      'is not what is derived',
    ],
    [
      'a stamped version of none',
      { 'history/t/v3.avsc': stampedRecord(field('a')) },
      'history/t/v3.avsc is derived from no version of s',
    ],
    ['a version nobody stamped', { 'history/t/v2.avsc': undefined }, 'has no stamped version'],
    [
      'a new version that does not read the old',
      { 'a.avsc': record(field('c')), 'a.stamped.avsc': stampedRecord(field('c')) },
      'does not read',
    ],
    ['a version that cannot be stamped', { 'a.avsc': record(field('snowflake_id')) }, 'SCHEMA_FIELD_TAKEN'],
    ['a version that is no schema', { 'a.avsc': record('{"name":"x","type":"nope"}') }, 'cannot be compiled'],
  ])('finds %s', async (_, change, says) => {
    const { exit, text } = await check(avroFolder(change));
    expect(text).toContain('PROBLEM');
    expect(text).toContain(says);
    expect(exit).toBe(1);
  });

  it('TRANSITIVE compares with every version, the plain level with the last', async () => {
    const third = [field('b', '"int"', ',"default":1')];
    const change = {
      'history/s/v2.avsc': record(
        field('b', '"int"', ',"default":1'),
        field('a', '"string"', ',"default":""'),
      ),
      'history/t/v2.avsc': stampedRecord(
        field('b', '"int"', ',"default":1'),
        field('a', '"string"', ',"default":""'),
      ),
      'a.avsc': record(...third),
      'a.stamped.avsc': stampedRecord(...third),
    };
    expect((await check(avroFolder(change, 'FULL'))).exit).toBe(0);
    const { text, exit } = await check(avroFolder(change, 'FULL_TRANSITIVE'));
    expect(exit).toBe(1);
    expect(text).toContain('history/s/v1.avsc → a.avsc: the older version does not read the newer');
  });

  it('JSON versions are compared by the examples, Protobuf by numbers, names and types', async () => {
    const subject = (type: string, file: string, more = {}): string =>
      JSON.stringify([{ subject: 's', type, file, level: 'FULL', stamped: [], message: [0], ...more }]);
    const json = new MemoryFolder({
      'subjects.json': subject('JSON', 'a.json', { examples: 'x.json' }),
      'a.json': '{"required":["b"]}',
      'history/s/v1.json': '{"required":["a"]}',
      'x.json': '[{"a":1},{"a":1,"b":1}]',
    });
    expect((await check(json)).text).toContain("example 1:  must have required property 'b'");
    const proto = (before: string, after: string): MemoryFolder =>
      new MemoryFolder({
        'subjects.json': subject('PROTOBUF', 'a.proto'),
        'history/s/v1.proto': `message A { ${before} }`,
        'a.proto': `message A { ${after} }`,
      });
    const says = async (before: string, after: string): Promise<string> =>
      (await check(proto(before, after))).text;
    expect(await says('optional int32 a = 1;', 'optional int32 a = 1; optional int32 b = 2;')).toContain(
      '0 problems',
    );
    expect(await says('optional int32 a = 1;', 'optional string a = 1;')).toContain(
      'A.a has another type: string',
    );
    expect(await says('optional int32 a = 1;', 'repeated int32 a = 1;')).toContain('another type');
    expect(await says('optional int32 a = 1;', 'optional int32 a = 2;')).toContain('another number: 2');
    expect(await says('optional int32 a = 1;', 'optional int32 b = 1;')).toContain('its number 1 is now b');
    expect(await says('message B {}', 'optional int32 a = 1;')).toContain('message .A.B is gone');
  });

  it('compiles with what a subject refers to', async () => {
    const folder = new MemoryFolder({
      'subjects.json': JSON.stringify([
        { subject: 'e', type: 'AVRO', file: 'e.avsc' },
        { subject: 's', type: 'AVRO', file: 'a.avsc', references: [{ name: 'E', subject: 'e', version: 1 }] },
      ]),
      'e.avsc': '{"type":"enum","name":"E","symbols":["X"]}',
      'history/e/v1.avsc': '{"type":"enum","name":"E","symbols":["X"]}',
      'a.avsc': record(field('e', '"E"')),
      'history/s/v1.avsc': record(),
    });
    const { text } = await check(folder);
    expect(text).toContain('the newer version does not read the older');
    expect(text).not.toContain('cannot be compiled');
  });

  it('asks the registry too, with its words', async () => {
    const { text, exit } = await check(avroFolder(), http);
    expect(text).toContain('not registered yet');
    expect(exit).toBe(0);
    fake.put('s', { schema: record() });
    fake.verdict = () => ({ is_compatible: false, messages: ['READER_FIELD_MISSING_DEFAULT_VALUE: a'] });
    const refused = await check(avroFolder(), http);
    expect(refused.text).toContain('READER_FIELD_MISSING_DEFAULT_VALUE: a');
    expect(refused.exit).toBe(1);
    fake.fault = () => ({ status: 503 });
    expect(await check(avroFolder(), http)).toMatchObject({
      exit: 69,
      text: expect.stringContaining('REGISTRY_UNREACHABLE') as unknown,
    });
  });

  it.each([
    ['no subjects.json', { 'subjects.json': undefined }, 'there is no subjects.json'],
    ['no JSON', { 'subjects.json': '[' }, 'is no JSON'],
    ['a file that is not there', { 'a.avsc': undefined }, 'there is no a.avsc'],
    [
      'a type nobody knows',
      { 'subjects.json': '[{"subject":"s","type":"XML"}]' },
      'subjects.json[0].type is not one of AVRO',
    ],
    ['no list', { 'subjects.json': '{}' }, 'subjects.json is not a list'],
  ])('names what is wrong with the folder: %s', async (_, change, says) => {
    expect(await check(avroFolder(change))).toMatchObject({
      exit: 65,
      text: expect.stringContaining(says) as unknown,
    });
  });

  it('prints JSON', async () => {
    const lines: string[] = [];
    const folder = avroFolder();
    await schemasCheckCommand({ folder, registry: undefined, json: true, out: (line) => lines.push(line) });
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      problems: 0,
      findings: expect.any(Array) as unknown,
    });
  });
});

describe('schemas register', () => {
  it('registers every version, oldest first, stamped ones from the registry’s text; again, all are there', async () => {
    const { exit, lines } = await register(avroFolder());
    expect(exit).toBe(0);
    expect(lines).toHaveLength(4);
    expect(fake.versions('s').map(({ schema }) => schema)).toEqual([
      record(field('a')),
      avroFolder().files['a.avsc'],
    ]);
    expect(fake.versions('t').map(({ schema }) => schema)).toEqual([
      avroFolder().files['history/t/v1.avsc'],
      avroFolder().files['history/t/v2.avsc'],
    ]);
    const again = await register(avroFolder());
    expect(again.lines.every((line) => line.startsWith('there'))).toBe(true);
  });

  it('--dry-run says what it would do', async () => {
    const { lines } = await register(avroFolder(), true);
    expect(lines.filter((line) => line.startsWith('would register'))).toHaveLength(2);
    expect(fake.versions('s')).toHaveLength(0);
  });

  it.each([
    [{ status: 409, body: { error_code: 409, message: 'incompatible' } }, 65, 'incompatible'],
    [{ status: 500, body: {} }, 69, 'REGISTRY_UNREACHABLE'],
  ])('stops at what the registry does not take: %j', async (fault, code, says) => {
    fake.fault = (request) => (request === 'POST /subjects/t/versions' ? fault : undefined);
    const { exit, lines } = await register(avroFolder());
    expect(exit).toBe(code);
    expect(lines.at(-1)).toContain(says);
    expect(lines[0]).toContain('registered');
  });
});
