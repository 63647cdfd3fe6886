import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Fact, WorkerSettings } from '../../src/assemble.ts';

const PROGRAM = new URL('./worker-process.ts', import.meta.url).pathname;
const PATIENCE_MS = 60_000;

/** A fact and when it was told: true wall clock of the worker's process, ms. */
export type Told = Fact & { readonly t: number };

/** The last words of a worker. */
export interface Ended {
  readonly ended: 'stopped' | 'halted';
  readonly code?: string;
  readonly why?: string;
  readonly rss?: number;
  readonly cpu?: { readonly user: number; readonly system: number };
}

/** What a worker's surroundings may do to it; see worker-process.ts. */
export interface Surroundings {
  /** `<room>:<fact>:<n>`: SIGKILL inside that fact. */
  readonly dieAt?: string;
  /** The same with SIGSTOP. */
  readonly freezeAt?: string;
  readonly clockOffsetMs?: number;
}

interface Waiting {
  readonly matches: (told: Told) => boolean;
  readonly resolve: (told: Told) => void;
}

/** Facts that are told all the time. */
const CHATTER: ReadonlySet<string> = new Set([
  ...[
    'fetched',
    'minted',
    'committed',
    'transaction',
    'begun',
    'produced',
    'offsets-added',
    'offsets-committed',
  ],
  ...['ended', 'granted', 'renewed', 'beacon'],
]);

/** One worker in a process of its own. Everything awaited has a bound and fails at once when the process ends. */
export class WorkerProcess implements AsyncDisposable {
  readonly name: string;
  readonly told: Told[] = [];
  readonly logs: string[] = [];
  ended: Ended | undefined;
  /** True once its trap (die or freeze) has sprung. */
  trapped = false;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<Waiting>();
  readonly #sprung = Promise.withResolvers<undefined>();
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;

  constructor(name: string, settings: WorkerSettings, { dieAt, freezeAt, clockOffsetMs }: Surroundings = {}) {
    this.name = name;
    this.#child = spawn(process.execPath, [PROGRAM, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_ENV: 'production', // KafkaJS changes its defaults under `test`
        ...(dieAt === undefined ? {} : { DIE_AT: dieAt }),
        ...(freezeAt === undefined ? {} : { FREEZE_AT: freezeAt }),
        ...(clockOffsetMs === undefined ? {} : { CLOCK_OFFSET_MS: String(clockOffsetMs) }),
      },
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#read(line);
    });
    this.#child.stderr!.on('data', (piece: Buffer) => this.logs.push(piece.toString()));
    this.gone = once(this.#child, 'close').then(() => undefined);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** The first such fact told at place `from` or later, now or within the bound. */
  async seen(
    what: string,
    matches: (told: Told) => boolean,
    { from = 0, withinMs = PATIENCE_MS }: { readonly from?: number; readonly withinMs?: number } = {},
  ): Promise<Told> {
    const already = this.told.slice(from).find(matches);
    if (already !== undefined) return already;
    const { promise, resolve } = Promise.withResolvers<Told>();
    const waiting = { matches, resolve };
    this.#waiting.add(waiting);
    try {
      return await this.#bounded(what, promise, withinMs);
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** Only what is told from now on. */
  next(what: string, matches: (told: Told) => boolean, withinMs = PATIENCE_MS): Promise<Told> {
    return this.seen(what, matches, { from: this.told.length, withinMs });
  }

  /** The trap has sprung: dead or frozen. */
  async sprung(withinMs = PATIENCE_MS): Promise<void> {
    await this.#bounded('the trap to spring', this.#sprung.promise, withinMs);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and the exit code. */
  async stop(withinMs = PATIENCE_MS): Promise<number | null> {
    this.signal('SIGTERM');
    const late = AbortSignal.timeout(withinMs);
    await Promise.race([this.gone, once(late, 'abort')]);
    if (this.#running)
      throw new Error(`${this.name} did not stop within ${withinMs} ms\n${this.lastWords()}`);
    return this.#child.exitCode;
  }

  /** For messages of failing tests. */
  lastWords(lines = 30): string {
    const facts = this.told
      .filter(({ fact }) => !('fact' in fact && CHATTER.has(fact.fact)))
      .slice(-lines)
      .map((told) => JSON.stringify(told));
    return [`--- ${this.name}:`, ...facts, ...this.logs.slice(-10), JSON.stringify(this.ended ?? {})].join(
      '\n',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running) this.signal('SIGKILL');
    await this.gone;
  }

  get #running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #bounded<T>(what: string, promise: Promise<T>, withinMs: number): Promise<T> {
    const over = new AbortController();
    const late = AbortSignal.any([AbortSignal.timeout(withinMs), over.signal]);
    const fail = (why: string) => () => {
      throw new Error(`${this.name}: ${why} while waiting for ${what}\n${this.lastWords()}`);
    };
    try {
      return await Promise.race([
        promise,
        once(late, 'abort').then(over.signal.aborted ? () => promise : fail(`${withinMs} ms went by`)),
        this.gone.then(() => Promise.race([promise, Promise.resolve().then(fail('it ended'))])),
      ]);
    } finally {
      over.abort();
    }
  }

  #read(line: string): void {
    const said = JSON.parse(line) as Told | Ended | { trapped: string } | { log: string };
    if ('trapped' in said) {
      this.trapped = true;
      this.#sprung.resolve(undefined);
    } else if ('ended' in said) this.ended = said;
    else if ('log' in said) this.logs.push(line);
    else {
      this.told.push(said);
      for (const waiting of [...this.#waiting]) if (waiting.matches(said)) waiting.resolve(said);
    }
  }
}

type FactOf<R extends Fact['room']> = Extract<Fact, { room: R }>['fact'];

/** Facts of one room, narrowed, each with its time. */
export const factsOf = <R extends Fact['room']>(
  worker: WorkerProcess,
  room: R,
): { readonly t: number; readonly fact: FactOf<R> }[] =>
  worker.told.filter((told) => told.room === room).map(({ t, fact }) => ({ t, fact: fact as FactOf<R> }));

export const isServing = (told: Told): boolean => told.room === 'worker' && told.fact.to.at === 'serving';

export const isSynced = (told: Told): boolean => told.room === 'membership' && told.fact.fact === 'synced';

export const isCommit = (told: Told): boolean => told.room === 'pipeline' && told.fact.fact === 'committed';

/** A partition stopped, with that code. */
export const isStop =
  (code: string) =>
  (told: Told): boolean =>
    told.room === 'pipeline' && told.fact.fact === 'stopped' && told.fact.code === code;

/** An assignment that brought so many partitions. */
export const gained =
  (added: number) =>
  (told: Told): boolean =>
    told.room === 'membership' && told.fact.fact === 'synced' && told.fact.added === added;
