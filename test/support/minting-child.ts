import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entriesOf } from './mint-log.ts';
import type { EntryOf, MintEntry, WorkerLog } from './mint-log.ts';
import type { Heed, MintingOptions } from './minting-worker.ts';

export interface ChildSettings extends Pick<MintingOptions, 'name' | 'prefix' | 'timing'> {
  readonly heed: Heed;
  readonly endpoints: readonly string[];
  readonly tryMs: number;
  readonly logFile: string;
}

export type ChildMessage = 'release' | { readonly blockMs: number };

const PROGRAM = new URL('./minting-process.ts', import.meta.url).pathname;

/** A minting worker in a process of its own: it can be stopped, killed and blocked for real. */
export class MintingChild implements WorkerLog {
  readonly worker: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'snowstamp-mint-'));
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  #entries: MintEntry[] = [];
  #vanished = false;

  constructor(settings: Omit<ChildSettings, 'logFile'>) {
    this.worker = settings.name;
    const argument = JSON.stringify({ ...settings, logFile: this.#logFile } satisfies ChildSettings);
    this.#child = spawn(process.execPath, [PROGRAM, argument], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#gone = once(this.#child, 'close');
  }

  /** As far as written by now. */
  get entries(): readonly MintEntry[] {
    if (this.#vanished) return this.#entries;
    let text = '';
    try {
      text = readFileSync(this.#logFile, 'utf8');
    } catch {
      // Not begun.
    }
    // The last line may be half a line.
    this.#entries = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as MintEntry);
    return this.#entries;
  }

  all<I extends MintEntry['is']>(is: I): EntryOf<I>[] {
    return entriesOf(this, is);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  send(message: ChildMessage): void {
    this.#child.send(message);
  }

  /** Killed, stopped or not; what it wrote is kept. */
  async vanish(): Promise<void> {
    if (this.#vanished) return;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#gone;
    this.#entries = [...this.entries];
    this.#vanished = true;
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #logFile(): string {
    return join(this.#folder, 'log');
  }
}
