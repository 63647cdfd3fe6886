import { RegistryBook, type RegistryFact } from '../../../src/registry/book.ts';
import {
  answered,
  refusedAs,
  type Answer,
  type FetchedSchema,
  type NewSchema,
  type RegistryClient,
} from '../../../src/registry/port.ts';
import type { BookSettings } from '../../../src/registry/resolution.ts';
import type { Resolved, SchemaEntry } from '../../../src/stamp/schema-book.ts';
import { ManualClock } from '../lease/manual-clock.ts';
import { FLAT } from '../stamp/schema/placement.ts';

export const ORDER =
  '{"type":"record","name":"Order","namespace":"a","fields":[{"name":"n","type":"string"}]}';
export const NEW_ID = 1_000;

export const fetched = (change: Partial<FetchedSchema> = {}): FetchedSchema => ({
  ...{ type: 'AVRO', text: ORDER, references: [], referenced: [], encodingRules: [], domainRules: [] },
  ...change,
});

/** A registry as a script: what is asked is noted, what is answered is settable. */
export class ScriptedRegistry implements RegistryClient {
  readonly asked: string[] = [];
  readonly registered: { readonly subject: string; readonly schema: NewSchema }[] = [];
  onFetch: (schemaId: number, signal: AbortSignal) => Answer<FetchedSchema> | Promise<Answer<FetchedSchema>> =
    (id) => (id === 404 ? refusedAs('SCHEMA_UNKNOWN', 'Schema not found') : answered(fetched()));
  /** What it holds of a stamped schema; the default is what was registered last. */
  onFetchBack: (last: NewSchema, newSchemaId: number) => Answer<FetchedSchema> = ({ type, text }) =>
    answered(fetched({ type, text }));
  #newSchemaId = 0;
  onPublish: (subject: string) => Answer<number> = () => answered(NEW_ID);

  async fetch(schemaId: number, signal: AbortSignal): Promise<Answer<FetchedSchema>> {
    const last = this.registered.at(-1);
    if (last !== undefined && schemaId === this.#newSchemaId) {
      this.asked.push(`fetch back ${schemaId}`);
      return this.onFetchBack(last.schema, schemaId);
    }
    this.asked.push(`fetch ${schemaId}`);
    return this.onFetch(schemaId, signal);
  }

  async register(subject: string, schema: NewSchema, compatibility: string): Promise<Answer<number>> {
    return this.#publish(`register ${subject} ${compatibility}`, subject, schema);
  }

  async find(subject: string, schema: NewSchema): Promise<Answer<number>> {
    return this.#publish(`find ${subject}`, subject, schema);
  }

  close(): void {
    this.asked.push('close');
  }

  #publish(asked: string, subject: string, schema: NewSchema): Promise<Answer<number>> {
    this.asked.push(asked);
    this.registered.push({ subject, schema });
    const answer = this.onPublish(subject);
    if (answer.at === 'answered') this.#newSchemaId = answer.value;
    return Promise.resolve(answer);
  }
}

export class Scene {
  readonly clock = new ManualClock();
  readonly registry = new ScriptedRegistry();
  readonly facts: RegistryFact[] = [];
  readonly never = new AbortController().signal;
  readonly book: RegistryBook;

  constructor(change: Partial<BookSettings> = {}) {
    const settings: BookSettings = {
      ...{
        route: 'orders',
        output: 'orders-stamped',
        type: 'AVRO',
        placement: FLAT,
        subjectStrategy: 'topic',
      },
      ...{ registerMode: 'auto', compatibility: 'NONE', proveEvents: 3, negativeTtlMs: 30_000 },
      ...{ maxSchemas: 100, timeoutMs: 5_000 },
      ...change,
    };
    this.book = new RegistryBook(this.registry, settings, {
      clock: this.clock,
      observe: (fact) => {
        this.facts.push(fact);
      },
    });
  }

  /** Resolves, letting time pass as far as it is slept. */
  async resolve(schemaId: number, messagePath = ''): Promise<SchemaEntry | string | undefined> {
    let resolved: Resolved | undefined;
    void this.book.resolve({ schemaId, messagePath }, this.never).then((answer) => {
      resolved = answer;
    });
    for (let waits = 0; resolved === undefined && waits < 1_000; waits++) await this.clock.advance(50);
    if (resolved === undefined) throw new Error('never resolved');
    return resolved.at === 'unavailable' ? resolved.why : this.book.lookup(schemaId, messagePath);
  }
}

/** A value in Confluent's wire format. */
export function framed(schemaId: number, ...payload: (Uint8Array | readonly number[])[]): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(schemaId, 1);
  return Buffer.concat([prefix, ...payload.map((part) => Buffer.from(part))]);
}
