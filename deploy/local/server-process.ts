import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { guardGroup, releaseGroup } from './guard.ts';
import { pollUntil } from './poll.ts';

export interface Command {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** How long an orderly stop may take before it is made disorderly. */
  readonly stopTimeoutMs?: number;
}

const logTailLines = 40;
const deadly = new Set<NodeJS.Signals>(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT']);

/** A server in a process group of its own (Ctrl-C in the terminal does not reach it), under the guard. */
export class ServerProcess {
  readonly #spec: Command;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #how = 'not started';
  /** Told to end, not gone yet. */
  #ending = false;

  constructor(spec: Command) {
    this.#spec = spec;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Starts the command; waits first for an earlier run to be gone, since both would use the same data. */
  async start(): Promise<void> {
    if (this.#child && !this.#ending) throw new Error(`${this.#spec.name} is running`);
    this.#child?.ref();
    await this.#exited;
    this.#ending = false;
    const log = openSync(this.#spec.logFile, 'a');
    const child = spawn(this.#spec.command, this.#spec.args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#spec.env },
    });
    closeSync(log);
    child.unref();
    this.#child = child;
    this.#exited = this.#watch(child);
    if (child.pid === undefined) await this.#exited;
  }

  async #watch(child: ChildProcess): Promise<void> {
    const { pid } = child;
    if (pid !== undefined) guardGroup(pid);
    try {
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      this.#how = signal === null ? `exit code ${String(code)}` : signal;
    } catch (error) {
      this.#how = String(error);
    }
    if (pid !== undefined) releaseGroup(pid);
    this.#child = undefined;
  }

  signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#spec.name} is not running (${this.#how})`);
    this.#ending ||= deadly.has(signal);
    process.kill(pid, signal);
  }

  /** Orderly stop; after the timeout, or at once with `kill`, SIGKILL. Resolves when the process is gone. */
  async stop(kill = false): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#ending = true;
    child.ref();
    if (kill) child.kill('SIGKILL');
    else {
      child.kill('SIGTERM');
      child.kill('SIGCONT');
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#spec.stopTimeoutMs ?? 20_000);
    await this.#exited;
    clearTimeout(timer);
  }

  /** The last lines it wrote. */
  logTail(): string {
    const lines = readFileSync(this.#spec.logFile, 'utf8').trimEnd().split('\n');
    return lines.slice(-logTailLines).join('\n');
  }

  /** Waits until `ready`; fails with the tail of the log when the process ends or time is up. */
  async untilReady(ready: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const outcome = await pollUntil(ready, () => Promise.resolve(this.running), timeoutMs);
    if (outcome.ready) return;
    const why = this.running ? outcome.why : `ended: ${this.#how}`;
    throw new Error(`${this.#spec.name}: ${why}\n--- end of ${this.#spec.logFile} ---\n${this.logTail()}`);
  }
}
