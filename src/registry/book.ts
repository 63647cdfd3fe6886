import type { Clock } from '../clock.ts';
import type { ReadySchema, Resolved, SchemaBook, SchemaEntry, SchemaWanted } from '../stamp/schema-book.ts';
import type { Answer, RegistryClient } from './port.ts';
import { unavailable } from './port.ts';
import { resolution, type BookSettings, type Resolution } from './resolution.ts';
import { Shelf } from './shelf.ts';
import { differs, type Judge } from './verdict.ts';

/** What a book has to tell; called synchronously. */
export interface RegistryFact {
  readonly route: string;
  readonly schemaId: number;
  /** `proven`: enough events were compared; `condemned`: one was not the original plus the ID. */
  readonly fact: 'ready' | 'refused' | 'unavailable' | 'proven' | 'condemned';
  readonly why: string;
}

/** Tries of one request, and the pause after the first; it doubles. */
const TRIES = 3;
const FIRST_PAUSE_MS = 200;
/** A resolution is several requests; after so many times the bound of one it has been too long. */
const BOUND_IN_REQUESTS = 6;

/**
 * The schemas of one route, by ID and message path. A schema is resolved once, however many partitions want it; a refusal is kept for
 * `negativeTtlMs`, so that an unknown ID is not asked about for every event; what did not come to a decision is not kept at all.
 * Invariant: an entry is `ready` only after its stamped schema is registered, and unproven for as long as its proof is there.
 */
export class RegistryBook implements SchemaBook {
  readonly #client: RegistryClient;
  readonly #settings: BookSettings;
  readonly #clock: Clock;
  readonly #observe: (fact: RegistryFact) => void;
  readonly #shelf: Shelf;
  readonly #underWay = new Map<string, Promise<Resolved>>();
  readonly #closed = new AbortController();

  constructor(
    client: RegistryClient,
    settings: BookSettings,
    { clock, observe }: { readonly clock: Clock; readonly observe: (fact: RegistryFact) => void },
  ) {
    this.#client = client;
    this.#settings = settings;
    this.#clock = clock;
    this.#observe = observe;
    this.#shelf = new Shelf(settings.maxSchemas);
  }

  lookup(schemaId: number, messagePath: string): SchemaEntry | undefined {
    const kept = this.#shelf.get(schemaId, messagePath);
    if (kept === undefined) return undefined;
    return kept.untilMs === undefined || this.#clock.now().monotonicMs < kept.untilMs
      ? kept.entry
      : undefined;
  }

  async resolve(wanted: SchemaWanted, signal: AbortSignal): Promise<Resolved> {
    if (this.lookup(wanted.schemaId, wanted.messagePath) !== undefined) return { at: 'known' };
    const key = `${wanted.schemaId} ${wanted.messagePath}`;
    let work = this.#underWay.get(key);
    if (work === undefined) {
      work = this.#work(wanted).finally(() => {
        this.#underWay.delete(key);
      });
      this.#underWay.set(key, work);
    }
    // Whoever asked may go; what is under way is for everybody who asks for the same.
    return unlessAborted(work, signal, unavailable('no longer wanted'));
  }

  /** Ends what is under way; nothing of it is kept. */
  close(): void {
    this.#closed.abort();
  }

  async #work(wanted: SchemaWanted): Promise<Resolved> {
    const late = new AbortController();
    const done = new AbortController();
    const boundMs = BOUND_IN_REQUESTS * this.#settings.timeoutMs;
    const ended = AbortSignal.any([late.signal, this.#closed.signal]);
    void this.#clock.sleep(boundMs, AbortSignal.any([done.signal, this.#closed.signal])).then(() => {
      late.abort();
    });
    try {
      const work = resolution(wanted, this.#client, this.#settings, (act) => this.#retried(act, ended));
      const instead = unavailable(`nothing decided within ${boundMs} ms`);
      return this.#keep(wanted, await unlessAborted<Resolution>(work, ended, instead));
    } finally {
      done.abort();
    }
  }

  /** The one retry policy there is: for what was not decided. */
  async #retried<T>(
    act: (signal: AbortSignal) => Promise<Answer<T>>,
    signal: AbortSignal,
  ): Promise<Answer<T>> {
    for (let tries = 1; ; tries++) {
      const answer = await act(signal);
      if (answer.at !== 'unavailable' || tries === TRIES || signal.aborted) return answer;
      await this.#clock.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), signal);
    }
  }

  #keep(wanted: SchemaWanted, outcome: Resolution): Resolved {
    if (outcome.at === 'unavailable') {
      this.#tell(wanted, 'unavailable', outcome.why);
      return outcome;
    }
    if (outcome.at === 'refused') {
      this.#refuse(wanted, outcome, 'refused');
      return { at: 'known' };
    }
    const { newSchemaId, judge, legacyId } = outcome;
    const proven: ReadySchema = { at: 'ready', newSchemaId, proof: undefined, legacyId };
    this.#shelf.put(wanted, judge === undefined ? proven : this.#unproven(wanted, proven, judge));
    const { legacyField } = this.#settings;
    const unmapped =
      legacyField === undefined || legacyId !== undefined ? '' : `; none has a legacy ID in ${legacyField}`;
    this.#tell(wanted, 'ready', `stamped events have schema ${newSchemaId}${unmapped}`);
    return { at: 'known' };
  }

  /** Prove on first use: the entry carries its proof until enough events were compared, or one condemned it. */
  #unproven(wanted: SchemaWanted, proven: ReadySchema, judge: Judge): ReadySchema {
    const { newSchemaId } = proven;
    let left = this.#settings.proveEvents;
    return {
      ...proven,
      proof: (original, stamped, id) => {
        const verdict = framed(original, wanted.schemaId, stamped, newSchemaId)
          ? judge(original.subarray(PREFIX_BYTES), stamped.subarray(PREFIX_BYTES), id)
          : differs('the wire prefix is not the one of its schema');
        if (verdict.at === 'unreadable') return verdict.why;
        if (verdict.at === 'differs') {
          const message = `stamped by this schema, an event is not itself plus the ID: ${verdict.why}`;
          this.#refuse(wanted, { code: 'VALUE_NOT_PROVEN', message }, 'condemned');
          return verdict.why;
        }
        if (verdict.at === 'proven' && --left === 0) {
          this.#shelf.put(wanted, proven);
          this.#tell(wanted, 'proven', `${this.#settings.proveEvents} events`);
        }
        return undefined;
      },
    };
  }

  #refuse(
    wanted: SchemaWanted,
    { code, message }: Omit<Extract<SchemaEntry, { at: 'refused' }>, 'at'>,
    fact: 'refused' | 'condemned',
  ): void {
    const untilMs = this.#clock.now().monotonicMs + this.#settings.negativeTtlMs;
    this.#shelf.put(wanted, { at: 'refused', code, message }, untilMs);
    this.#tell(wanted, fact, `${code}: ${message}`);
  }

  #tell({ schemaId }: SchemaWanted, fact: RegistryFact['fact'], why: string): void {
    this.#observe({ route: this.#settings.route, schemaId, fact, why });
  }
}

/** Magic byte 0 and the schema's ID, big-endian; written again here, because it judges whoever wrote it. */
const PREFIX_BYTES = 5;
const framed = (original: Uint8Array, schemaId: number, stamped: Uint8Array, newSchemaId: number): boolean =>
  [[original, schemaId] as const, [stamped, newSchemaId] as const].every(
    ([bytes, id]) =>
      bytes.length >= PREFIX_BYTES &&
      bytes[0] === 0 &&
      new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES).getUint32(1) === id,
  );

/** `work`, or `instead` as soon as `signal` aborts; nothing stays behind on a signal that outlives both. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, instead: T): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      resolve(instead);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', end);
    });
  });
}
