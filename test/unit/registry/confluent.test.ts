import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { ConfluentRegistry } from '../../../src/registry/confluent.ts';
import type { NewSchema, RegistrySettings } from '../../../src/registry/port.ts';
import { FakeRegistry } from '../../support/schemas/fake-registry.ts';

const ORDER =
  '{"type":"record","name":"Order","fields":[{"name":"n","type":"long","default":9223372036854775807}]}';
const avro = (text: string): NewSchema => ({ type: 'AVRO', text, references: [] });

let registry: FakeRegistry;
let clients: ConfluentRegistry[];
const never = new AbortController().signal;

const connect = (change: Partial<RegistrySettings> = {}): ConfluentRegistry => {
  const client = new ConfluentRegistry({
    ...{ url: registry.url, auth: { kind: 'none' }, tls: undefined, timeoutMs: 2_000 },
    ...change,
  });
  clients.push(client);
  return client;
};

beforeEach(async () => {
  registry = await FakeRegistry.start();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await registry[Symbol.asyncDispose]();
});

describe('fetching a schema', () => {
  it('gives the text as it is, its type, references in the order they build on each other, and rules', async () => {
    registry.put('c', { schema: '{"type":"enum","name":"C","symbols":["A"]}' });
    registry.put('b', {
      schema: '{"type":"record","name":"B","fields":[{"name":"c","type":"C"}]}',
      references: [{ name: 'C', subject: 'c', version: 1 }],
    });
    const references = [{ name: 'B', subject: 'b', version: 1 }];
    const text = '{ "type":"record","name":"A","fields":[{"name":"b","type":"B"}]}';
    const ruleSet = { encodingRules: [{ type: 'ENCRYPT_PAYLOAD' }], domainRules: [{ type: 'CEL' }] };
    const id = registry.put('a', { schema: text, references, ruleSet });
    const answer = await connect().fetch(id, never);
    expect(answer).toMatchObject({
      at: 'answered',
      value: { type: 'AVRO', text, references, encodingRules: ['ENCRYPT_PAYLOAD'], domainRules: ['CEL'] },
    });
    expect(answer.at === 'answered' && answer.value.referenced.map(({ name }) => name)).toEqual(['C', 'B']);
  });

  it.each([
    ['AVRO', '{"type":"no such"}'],
    ['JSON', '{"type":"no such"}'],
    ['PROTOBUF', 'message {'],
    ['THRIFT', 'struct A {}'],
  ])('gives a %s schema the library cannot compile', async (type, text) => {
    const id = registry.put('x', { schema: text, ...(type === 'AVRO' ? {} : { schemaType: type }) });
    expect(await connect().fetch(id, never)).toMatchObject({ at: 'answered', value: { type, text } });
  });

  it('an unknown ID is refused; a 404 by who is no registry is not', async () => {
    expect(await connect().fetch(77, never)).toMatchObject({ at: 'refused', code: 'SCHEMA_UNKNOWN' });
    registry.fault = () => ({ status: 404, body: '<html>' });
    expect(await connect().fetch(77, never)).toMatchObject({ at: 'unavailable' });
    registry.fault = () => ({ status: 404, body: { status: 404, message: 'no route' } });
    expect(await connect().fetch(77, never)).toMatchObject({ at: 'unavailable' });
  });

  it('a reference that is not there is refused', async () => {
    const id = registry.put('a', { schema: ORDER, references: [{ name: 'B', subject: 'b', version: 3 }] });
    expect(await connect().fetch(id, never)).toMatchObject({ at: 'refused', code: 'SCHEMA_UNKNOWN' });
  });

  it.each([
    ['500', { status: 500, body: { error_code: 50001, message: 'store' } }],
    ['429', { status: 429 }],
    ['401', { status: 401 }],
    ['403', { status: 403 }],
    ['a lost connection', 'drop' as const],
    ['an answer nobody understands', { status: 200, body: { hello: 1 } }],
  ])('%s decides nothing, and is asked once: retrying is ours', async (_, fault) => {
    const id = registry.put('a', { schema: ORDER });
    registry.fault = () => fault;
    expect(await connect().fetch(id, never)).toMatchObject({ at: 'unavailable' });
    expect(registry.requests).toHaveLength(1);
  });

  it('a registry that hangs is given up on, and at once when nobody wants it any more', async () => {
    const id = registry.put('a', { schema: ORDER });
    registry.fault = () => 'hang';
    expect(await connect({ timeoutMs: 100 }).fetch(id, never)).toMatchObject({ at: 'unavailable' });
    const stop = new AbortController();
    const asked = connect({ timeoutMs: 600_000 }).fetch(id, stop.signal);
    stop.abort();
    expect(await asked).toMatchObject({ at: 'unavailable' });
  });

  it('sends who asks, and to the path', async () => {
    const id = registry.put('a', { schema: ORDER });
    await connect({ auth: { kind: 'basic', username: 'u', password: 'p' } }).fetch(id, never);
    expect(registry.lastHeaders.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
    await connect({ auth: { kind: 'bearer', token: 't0' } }).fetch(id, never);
    expect(registry.lastHeaders.authorization).toBe('Bearer t0');
    await connect({ auth: { kind: 'bearer', token: 't0' } }).find('a', avro(ORDER), never);
    expect(registry.lastHeaders.authorization).toBe('Bearer t0');
    expect(registry.requests).toContain(`GET /schemas/ids/${id}`);
  });

  it('keeps no secret in what it says', async () => {
    registry.fault = () => ({ status: 500, body: { message: 'no' } });
    const answer = await connect({ auth: { kind: 'basic', username: 'u', password: 'hunter2' } }).fetch(
      1,
      never,
    );
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });
});

describe('registering', () => {
  it('asks for the level, posts, changes no level; the same text again has the same ID', async () => {
    const first = await connect().register('s/x-value', avro(ORDER), 'NONE', never);
    expect(registry.requests).toEqual(['GET /config/s/x-value', 'POST /subjects/s/x-value/versions']);
    expect(await connect().register('s/x-value', avro(ORDER), 'NONE', never)).toEqual(first);
    expect(registry.versions('s/x-value')).toHaveLength(1);
  });

  it('passes references on', async () => {
    registry.put('b', { schema: '{"type":"enum","name":"B","symbols":["A"]}' });
    const references = [{ name: 'B', subject: 'b', version: 1 }];
    const text = '{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}';
    expect(await connect().register('s', { type: 'AVRO', text, references }, 'NONE', never)).toMatchObject({
      at: 'answered',
    });
    expect(registry.versions('s')[0]).toMatchObject({ schema: text, references });
  });

  it.each([
    ['AVRO', '["null",{"type":"record","name":"A","fields":[]}]'],
    ['JSON', '{"$id":"https://acme.example/o.json","format":"no such","connect.type":"x"}'],
    ['PROTOBUF', 'syntax = "proto3"; message A { ; }'],
  ] as const)(
    'a %s schema the library has something against is registered all the same, as it stands',
    async (type, text) => {
      const answer = await connect().register('s', { type, text, references: [] }, 'NONE', never);
      expect(answer).toMatchObject({ at: 'answered' });
      expect(registry.versions('s')[0]).toMatchObject({ schema: text });
      expect(await connect().register('s', { type, text, references: [] }, 'NONE', never)).toEqual(answer);
    },
  );

  it.each([409, 422])('%d is the registry’s decision', async (status) => {
    registry.fault = (request) =>
      request.startsWith('POST')
        ? { status, body: { error_code: status, message: 'incompatible' } }
        : undefined;
    expect(await connect().register('s', avro(ORDER), 'NONE', never)).toMatchObject({
      at: 'refused',
      code: 'SCHEMA_REFUSED',
    });
  });

  it('a 400 counts when the registry itself said it', async () => {
    registry.fault = (request) =>
      request.startsWith('POST') ? { status: 400, body: { error_code: 42201, message: 'bad' } } : undefined;
    expect(await connect().register('s', avro(ORDER), 'NONE', never)).toMatchObject({ at: 'refused' });
    registry.fault = (request) => (request.startsWith('POST') ? { status: 400, body: 'proxy' } : undefined);
    expect(await connect().register('s', avro(ORDER), 'NONE', never)).toMatchObject({ at: 'unavailable' });
  });

  it('another level than configured is for the operator, and posts nothing', async () => {
    registry.levels.set('s', 'BACKWARD');
    const answer = await connect().register('s', avro(ORDER), 'NONE', never);
    expect(answer).toMatchObject({ at: 'unavailable' });
    expect(answer.at === 'unavailable' && answer.why).toContain('registry.compatibility');
    expect(registry.versions('s')).toHaveLength(0);
    expect(await connect().register('s', avro(ORDER), 'BACKWARD', never)).toMatchObject({ at: 'answered' });
  });

  it.each([
    ['500', { status: 500 }],
    ['a lost connection', 'drop' as const],
  ])('%s decides nothing', async (_, fault) => {
    registry.fault = (request) => (request.startsWith('POST') ? fault : undefined);
    expect(await connect().register('s', avro(ORDER), 'NONE', never)).toMatchObject({ at: 'unavailable' });
  });
});

describe('finding what must be registered', () => {
  it('is by text, under the subject; absence is a refusal that says what to do', async () => {
    const id = registry.put('s', { schema: ORDER });
    expect(await connect().find('s', avro(ORDER), never)).toEqual({ at: 'answered', value: id });
    const missing = await connect().find('t', avro(ORDER), never);
    expect(missing).toMatchObject({ at: 'refused', code: 'SCHEMA_NOT_REGISTERED' });
    expect(missing.at === 'refused' && missing.message).toContain('snowstamp schemas register');
    registry.fault = () => ({ status: 404, body: 'gateway' });
    expect(await connect().find('s', avro(ORDER), never)).toMatchObject({ at: 'unavailable' });
  });
});

describe('the client library’s retries', () => {
  it('are off, whatever another client in the process said (control: what is said leaks)', async () => {
    registry.fault = () => ({ status: 500 });
    const asked = async (ask: () => Promise<unknown>): Promise<number> => {
      registry.requests.length = 0;
      await ask().catch(() => undefined);
      return registry.requests.length;
    };
    const fast = { retries: 4, initialRetryTimeInSecs: 0.001 };
    const loud = new SchemaRegistry({ host: registry.url, retry: fast });
    expect(await asked(() => loud.getSchema(1))).toBe(5);
    const silent = new SchemaRegistry({ host: registry.url });
    expect(await asked(() => silent.getSchema(1))).toBe(5);
    expect(await asked(() => connect().fetch(1, never))).toBe(1);
  });
});
