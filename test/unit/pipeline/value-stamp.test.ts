import { describe, expect, it } from '@jest/globals';
import type { Route } from '../../../src/pipeline/port.ts';
import type { SchemaBook, SchemaEntry, SchemaWanted } from '../../../src/stamp/schema-book.ts';
import type { ValueSettings } from '../../../src/stamp/value-settings.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { hex, ready, settings } from '../stamp/value-drive.ts';
import { Scene } from './scene.ts';

const JSON_VALUE = settings({ format: 'json' });
const AVRO = settings({ format: 'avro', wire: 'confluent' });
const stamped = (value: ValueSettings, route: Partial<Route> = {}): Partial<Route> => ({
  stamp: { header: 'snowflake_id', existing: 'replace', value },
  ...route,
});
const ofSchema = (schemaId: number, body = 'aa'): Uint8Array =>
  hex(`00${schemaId.toString(16).padStart(8, '0')}${body}`);
const put = (scene: Scene, partition: number, ...values: (Uint8Array | null)[]): void => {
  scene.world
    .log('in', partition)
    .putBytes(encodeBatch({ records: values.map((value) => plainRecord({ value })) }));
};

/** A book that answers when the test says so. */
class ScriptedBook implements SchemaBook {
  readonly entries = new Map<number, SchemaEntry>();
  readonly asked: SchemaWanted[] = [];
  /** In turn; the last one holds. */
  answers: (() => Awaited<ReturnType<SchemaBook['resolve']>> | Promise<never>)[] = [];
  #waiting: (() => void)[] = [];

  lookup(schemaId: number): SchemaEntry | undefined {
    return this.entries.get(schemaId);
  }

  async resolve(wanted: SchemaWanted): Promise<Awaited<ReturnType<SchemaBook['resolve']>>> {
    this.asked.push(wanted);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    if (answer !== undefined) return answer();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return { at: 'known' };
  }

  /** Everybody who waits goes on, with these schemas known. */
  know(...schemaIds: number[]): void {
    for (const id of schemaIds) this.entries.set(id, ready(100 + id));
    for (const go of this.#waiting.splice(0)) go();
  }
}

describe('a route that stamps values', () => {
  it('IDs stand in the values, rise, and are in the headers of tombstones', async () => {
    const scene = new Scene({ route: stamped(JSON_VALUE) });
    put(scene, 0, text('{"n":0}'), null, text('{"n":2}'));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 3, 'all');
    const visible = scene.world.log('out', 0).visible();
    const ids = visible.map(({ value, headers }) =>
      BigInt(headers['snowflake_id'] ?? (JSON.parse(value) as Record<string, string>)['snowflake_id']!),
    );
    expect(ids.every((id, i) => i === 0 || id > ids[i - 1]!)).toBe(true);
    expect(visible.map(({ headers }) => headers['snowflake_id'] !== undefined)).toEqual([false, true, false]);
    expect(scene.of('committed')).toMatchObject([{ stamped: 3, headerOnly: 0 }]);
  });

  it('deadLetter: what cannot be stamped goes there with its code, and the rest goes on', async () => {
    const scene = new Scene({ route: stamped(JSON_VALUE) });
    put(scene, 0, text('{"n":0}'), text('[1]'), text('{"n":2}'));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 3, 'all');
    expect(scene.values()).toHaveLength(2);
    const [letter] = scene.world.log('dlq', 0).visible();
    expect([
      letter!.value,
      letter!.headers['snowstamp.error.code'],
      letter!.headers['snowstamp.error.message'],
    ]).toEqual([
      '[1]',
      'VALUE_NOT_AN_OBJECT',
      'a JSON value is an array or a scalar, which has no members: at byte 0',
    ]);
  });

  it('stop: the partition stops with the code, once what lies before is out', async () => {
    const scene = new Scene({ route: stamped(JSON_VALUE, { onError: 'stop' }) });
    put(scene, 0, text('{"n":0}'), text('{"n":1'));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.states()[0] === 'stopped:VALUE_TRUNCATED', 'stopped');
    expect([scene.values().length, scene.committedOffset()]).toEqual([1, 1]);
  });

  it('header: what cannot be stamped leaves with the header alone, and is counted', async () => {
    const scene = new Scene({ route: stamped(JSON_VALUE, { onError: 'header' }) });
    put(scene, 0, text('{"n":0}'), text('[1]'));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 2, 'all');
    const last = scene.world.log('out', 0).visible()[1]!;
    expect([last.value, typeof last.headers['snowflake_id']]).toEqual(['[1]', 'string']);
    expect(scene.of('committed')).toMatchObject([{ stamped: 2, headerOnly: 1 }]);
  });

  it.each([
    ['dlq', 'open', 2],
    [undefined, 'stopped:RECORD_TOO_LARGE', 1],
  ])(
    'header: what it does not help either goes to %s, and the partition is %s',
    async (deadLetter, state, offset) => {
      const route = stamped(JSON_VALUE, { onError: 'header', deadLetter });
      const scene = new Scene({ route, maxMessageBytes: { out: 400 } });
      put(scene, 0, text('{"n":0}'), text(`{"x":"${'x'.repeat(400)}"}`));
      scene.membership.give('in', 0);
      await scene.serveUntil(
        () => scene.committedOffset() === offset && scene.states()[0] === state,
        'settled',
      );
      expect(scene.values('dlq').length).toBe(deadLetter === undefined ? 0 : 1);
    },
  );
});

describe('a schema that is not known yet', () => {
  const scene = (book: SchemaBook, partitions = 2): Scene => {
    const made = new Scene({ partitions, route: stamped(AVRO), book, settings: { lingerMs: 5 } });
    made.membership.give('in', ...Array.from({ length: partitions }, (_, i) => i));
    return made;
  };
  /** IDs of the schemas the values name, which are below 128. */
  const schemas = (made: Scene, partition: number): number[] =>
    made.values('out', partition).map((value) => value.charCodeAt(4));

  it('what lies before it goes out, other partitions go on, and it is asked for once', async () => {
    const book = new ScriptedBook();
    book.know(1);
    const made = scene(book);
    put(made, 0, ofSchema(1), ofSchema(2), ofSchema(1));
    put(made, 1, ofSchema(1));
    const over = made.serve();
    await made.world.until(() => made.committedOffset(0) === 1 && made.committedOffset(1) === 1, 'before it');
    for (let i = 2; i < 12; i++) {
      put(made, 1, ofSchema(1));
      await made.world.until(() => made.committedOffset(1) === i, `the other partition, ${i}`);
    }
    expect([made.committedOffset(0), book.asked]).toEqual([1, [{ schemaId: 2, messagePath: '' }]]);
    book.know(2);
    await made.world.until(() => made.committedOffset(0) === 3, 'known now');
    made.intake.abort();
    await over;
    expect(schemas(made, 0)).toEqual([101, 102, 101]);
  });

  it('is asked for while no transaction is open (rule 1)', async () => {
    const book = new ScriptedBook();
    const made = scene(book, 1);
    const open: boolean[] = [];
    book.answers = [
      () => {
        const { calls } = made;
        open.push(calls.lastIndexOf('run') > calls.lastIndexOf('ran'));
        book.know(7);
        return { at: 'known' };
      },
    ];
    put(made, 0, ofSchema(7), ofSchema(7));
    await made.serveUntil(() => made.committedOffset() === 2, 'stamped');
    expect(open).toEqual([false]);
  });

  it('a registry that does not answer sidelines that partition alone, longer each time, and it comes back', async () => {
    const book = new ScriptedBook();
    book.know(1);
    book.answers = [() => ({ at: 'unavailable', why: '503' })];
    const made = scene(book);
    put(made, 0, ofSchema(5));
    const over = made.serve();
    await made.world.until(() => made.of('sidelined').length === 4, 'sidelined');
    put(made, 1, ofSchema(1));
    await made.world.until(() => made.committedOffset(1) === 1, 'the other partition');
    const sidelined = made.of('sidelined').slice(0, 4);
    expect(sidelined.map(({ backoffMs }) => backoffMs)).toEqual([100, 200, 400, 800]);
    expect(new Set(sidelined.map(({ partition, why }) => `${partition} ${why}`))).toEqual(
      new Set(['0 schema 5: 503']),
    );
    book.answers = [
      () => {
        book.know(5);
        return { at: 'known' };
      },
    ];
    await made.world.until(() => made.committedOffset(0) === 1, 'back');
    made.intake.abort();
    await over;
    expect(schemas(made, 0)).toEqual([105]);
  });

  it('a schema that is refused sends its values to the dead letters', async () => {
    const book = new ScriptedBook();
    book.answers = [
      () => {
        book.entries.set(9, { at: 'refused', code: 'SCHEMA_UNKNOWN', message: '404' });
        return { at: 'known' };
      },
    ];
    const made = scene(book, 1);
    put(made, 0, ofSchema(9), ofSchema(9));
    await made.serveUntil(() => made.committedOffset() === 2, 'buried');
    expect(made.world.log('dlq', 0).visible()[1]!.headers['snowstamp.error.code']).toBe('SCHEMA_UNKNOWN');
  });

  it('a book that breaks its word ends the spell, instead of being asked for ever', async () => {
    const book = new ScriptedBook();
    book.answers = [() => Promise.reject(new Error('bug'))];
    const made = scene(book, 1);
    put(made, 0, ofSchema(9));
    await expect(made.serve()).rejects.toThrow('bug');
  });

  it('a route with the wire format and nobody to ask is a broken invariant', async () => {
    const made = new Scene({ route: stamped(AVRO) });
    await expect(made.serve()).rejects.toThrow('INTERNAL: route r has nobody to ask for schemas');
  });
});
