import { describe, expect, it } from '@jest/globals';
import { answered, refusedAs, unavailable } from '../../../src/registry/port.ts';
import { ENVELOPE, FLAT } from '../stamp/schema/placement.ts';
import { fetched, NEW_ID, ORDER, Scene } from './scene.ts';

const READY = { at: 'ready', newSchemaId: NEW_ID };
const DERIVED = ORDER.replace('"fields":[', '"fields":[{"name":"snowflake_id","type":"long"},');

describe('the book of schemas', () => {
  it('fetches, derives, registers under <output>-value, and knows from then on', async () => {
    const scene = new Scene();
    expect(scene.book.lookup(7, '')).toBeUndefined();
    expect(await scene.resolve(7)).toMatchObject(READY);
    const asked = ['fetch 7', 'register orders-stamped-value NONE', `fetch back ${NEW_ID}`];
    expect(scene.registry.asked).toEqual(asked);
    expect(scene.registry.registered[0]!.schema).toEqual({ type: 'AVRO', text: DERIVED, references: [] });
    expect(await scene.resolve(7)).toMatchObject(READY);
    expect(scene.registry.asked).toEqual(asked);
    expect(scene.facts).toMatchObject([{ route: 'orders', schemaId: 7, fact: 'ready' }]);
  });

  it('resolves once what fifty ask for at a time', async () => {
    const scene = new Scene();
    const wanted = { schemaId: 7, messagePath: '' };
    const all = await Promise.all(Array.from({ length: 50 }, () => scene.book.resolve(wanted, scene.never)));
    expect(new Set(all.map(({ at }) => at))).toEqual(new Set(['known']));
    expect(scene.registry.asked).toHaveLength(3);
  });

  it('passes references on and compiles with what they lead to', async () => {
    const scene = new Scene();
    const references = [{ name: 'b.Note', subject: 'notes', version: 2 }];
    scene.registry.onFetch = () =>
      answered(
        fetched({
          text: '{"type":"record","name":"A","fields":[{"name":"note","type":"b.Note"}]}',
          references,
          referenced: [{ name: 'b.Note', text: '{"type":"record","name":"b.Note","fields":[]}' }],
        }),
      );
    expect(await scene.resolve(7)).toMatchObject(READY);
    expect(scene.registry.registered[0]!.schema.references).toEqual(references);
  });

  it('deny: registers nothing, looks for what must be there', async () => {
    const scene = new Scene({ registerMode: 'deny' });
    scene.registry.onPublish = () => refusedAs('SCHEMA_NOT_REGISTERED', 'run snowstamp schemas register');
    expect(await scene.resolve(7)).toMatchObject({ at: 'refused', code: 'SCHEMA_NOT_REGISTERED' });
    scene.registry.onPublish = () => answered(5);
    expect(await scene.resolve(8)).toMatchObject({ at: 'ready', newSchemaId: 5 });
    expect(scene.registry.asked).toEqual([
      'fetch 7',
      'find orders-stamped-value',
      'fetch 8',
      'find orders-stamped-value',
      'fetch back 5',
    ]);
  });

  it.each([
    ['topicRecord', FLAT, 'orders-stamped-a.Order'],
    ['topicRecord', ENVELOPE, 'orders-stamped-a.OrderStamped'],
    ['record', ENVELOPE, 'a.OrderStamped'],
    ['record', { ...FLAT, nullable: true }, 'a.Order'],
  ] as const)('subjects by %s', async (subjectStrategy, placement, subject) => {
    const scene = new Scene({ subjectStrategy, placement });
    await scene.resolve(7);
    expect(scene.registry.registered[0]!.subject).toBe(subject);
  });

  it('a flat stamp under RecordName is refused: it would be a version of the plain events’ subject', async () => {
    const scene = new Scene({ subjectStrategy: 'record' });
    expect(await scene.resolve(7)).toMatchObject({ at: 'refused', code: 'SCHEMA_NOT_STAMPABLE' });
    expect(scene.registry.registered).toEqual([]);
    const nameless = new Scene({ subjectStrategy: 'topicRecord', type: 'JSON' });
    nameless.registry.onFetch = () => answered(fetched({ type: 'JSON', text: '{}' }));
    expect(await nameless.resolve(7)).toMatchObject({ at: 'refused', code: 'SCHEMA_NOT_STAMPABLE' });
  });
});

describe('what is refused', () => {
  it.each([
    ['an unknown ID', 404, {}, 'SCHEMA_UNKNOWN', ''],
    ['another format than the route’s', 7, { type: 'PROTOBUF' }, 'SCHEMA_NOT_STAMPABLE', 'PROTOBUF'],
    ['a trap of the derivation', 7, { text: '"string"' }, 'SCHEMA_NOT_STAMPABLE', 'SCHEMA_NOT_A_RECORD'],
    [
      'an encrypted payload',
      7,
      { encodingRules: ['ENCRYPT_PAYLOAD'] },
      'SCHEMA_ENCRYPTED',
      'ENCRYPT_PAYLOAD',
    ],
    ['encrypted fields', 7, { domainRules: ['ENCRYPT'] }, 'SCHEMA_ENCRYPTED', 'ENCRYPT'],
    [
      'what cannot be compiled',
      7,
      { text: ORDER.replace('"string"', '"not.There"') },
      'SCHEMA_NOT_STAMPABLE',
      'proveEvents',
    ],
  ])('%s, before anything is registered', async (_, schemaId, change, code, says) => {
    const scene = new Scene();
    if (schemaId !== 404) scene.registry.onFetch = () => answered(fetched(change));
    const entry = await scene.resolve(schemaId);
    expect(entry).toMatchObject({ at: 'refused', code });
    expect(JSON.stringify(entry)).toContain(says);
    expect(scene.registry.registered).toEqual([]);
  });

  it('other rules of a data contract are no reason', async () => {
    const scene = new Scene();
    scene.registry.onFetch = () => answered(fetched({ domainRules: ['CEL'] }));
    expect(await scene.resolve(7)).toMatchObject(READY);
  });

  it('proveEvents 0 stamps what cannot be compiled, unproven', async () => {
    const scene = new Scene({ proveEvents: 0 });
    scene.registry.onFetch = () => answered(fetched({ text: ORDER.replace('"string"', '"not.There"') }));
    expect(await scene.resolve(7)).toEqual({ ...READY, proof: undefined });
  });

  it('a refusal is kept for negativeTtlMs and then asked about again; control: without it every event asks', async () => {
    const scene = new Scene({ negativeTtlMs: 100_000 });
    for (let event = 0; event < 5; event++) {
      const known = scene.book.lookup(404, '') ?? (await scene.resolve(404));
      expect(known).toMatchObject({ code: 'SCHEMA_UNKNOWN' });
    }
    expect(scene.registry.asked).toEqual(['fetch 404']);
    await scene.clock.advance(100_000);
    expect(scene.book.lookup(404, '')).toBeUndefined();
    scene.registry.onFetch = () => answered(fetched());
    expect(await scene.resolve(404)).toMatchObject(READY);

    const control = new Scene({ negativeTtlMs: 0 });
    for (let event = 0; event < 5; event++)
      if (control.book.lookup(404, '') === undefined) await control.resolve(404);
    expect(control.registry.asked).toHaveLength(5);
  });
});

describe('what is not decided', () => {
  it('is tried three times with a doubling pause, and kept nowhere', async () => {
    const scene = new Scene();
    const at: number[] = [];
    scene.registry.onFetch = () => {
      at.push(scene.clock.now().monotonicMs);
      return unavailable('HTTP 500');
    };
    expect(await scene.resolve(7)).toBe('HTTP 500');
    expect(at.map((ms) => ms - at[0]!)).toEqual([0, 200, 600]);
    expect(scene.book.lookup(7, '')).toBeUndefined();
    scene.registry.onFetch = () => answered(fetched());
    expect(await scene.resolve(7)).toMatchObject(READY);
  });

  it('is retried for registering as for fetching, without fetching again', async () => {
    const scene = new Scene();
    let refusals = 2;
    scene.registry.onPublish = () => (refusals-- > 0 ? unavailable('HTTP 503') : answered(9));
    expect(await scene.resolve(7)).toMatchObject({ newSchemaId: 9 });
    expect(scene.registry.asked.map((asked) => asked.split(' ')[0])).toEqual([
      'fetch',
      'register',
      'register',
      'register',
      'fetch',
    ]);
  });

  it('ends within its bound even when a client would wait for ever', async () => {
    const scene = new Scene({ timeoutMs: 100 });
    scene.registry.onFetch = () => new Promise(() => undefined);
    expect(await scene.resolve(7)).toContain('600 ms');
  });

  it('ends at once for who wants it no more, and goes on for the others', async () => {
    const scene = new Scene();
    let answer: (() => void) | undefined;
    scene.registry.onFetch = () =>
      new Promise((resolve) => {
        answer = () => {
          resolve(answered(fetched()));
        };
      });
    const stop = new AbortController();
    const wanted = { schemaId: 7, messagePath: '' };
    const mine = scene.book.resolve(wanted, stop.signal);
    const theirs = scene.book.resolve(wanted, scene.never);
    stop.abort();
    expect(await mine).toMatchObject({ at: 'unavailable' });
    answer?.();
    expect(await theirs).toEqual({ at: 'known' });
    expect(scene.registry.asked[0]).toBe('fetch 7');
  });

  it('ends when the book closes', async () => {
    const scene = new Scene();
    scene.registry.onFetch = () => new Promise(() => undefined);
    const work = scene.book.resolve({ schemaId: 7, messagePath: '' }, scene.never);
    scene.book.close();
    expect(await work).toMatchObject({ at: 'unavailable' });
  });
});

describe('the book is bounded', () => {
  it('forgets what it has kept longest, and can learn it again', async () => {
    const scene = new Scene({ maxSchemas: 3 });
    for (const id of [1, 2, 3, 4, 5]) await scene.resolve(id);
    expect([1, 2, 3, 4, 5].map((id) => scene.book.lookup(id, '') !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    expect(await scene.resolve(1)).toMatchObject(READY);
  });

  it('counts the messages of one schema apart', async () => {
    const scene = new Scene({ type: 'PROTOBUF', maxSchemas: 2 });
    const text = 'syntax = "proto3"; message A { message B { } } message C { }';
    scene.registry.onFetch = () => answered(fetched({ type: 'PROTOBUF', text }));
    expect(await scene.resolve(1, '0')).toMatchObject(READY);
    expect(await scene.resolve(1, '0.0')).toMatchObject(READY);
    expect(scene.book.lookup(1, '1')).toBeUndefined();
    expect(scene.registry.registered.map(({ schema }) => schema.text.indexOf('sfixed64'))).toEqual([33, 45]);
    expect(await scene.resolve(2, '1')).toMatchObject(READY);
    expect(scene.book.lookup(1, '0')).toBeUndefined();
  });
});
