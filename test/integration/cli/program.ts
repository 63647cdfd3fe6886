import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { eventually } from '../../support/topics.ts';

export const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname;
const COMMAND_MS = 30_000;

/** Nothing of this process's own configuration reaches the program. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SNOWSTAMP_')));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user's folder with a configuration, and the program as they start it. */
export class User implements AsyncDisposable {
  readonly folder: string;
  readonly #stack = new AsyncDisposableStack();

  private constructor(folder: string) {
    this.folder = folder;
    this.#stack.defer(() => rm(folder, { recursive: true, force: true }));
  }

  static async open(): Promise<User> {
    return new User(await mkdtemp(join(tmpdir(), 'snowstamp-cli-')));
  }

  /** Writes a file into the folder; an object becomes YAML. Resolves to its path. */
  async file(name: string, content: string | object): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, typeof content === 'string' ? content : stringify(content));
    return path;
  }

  /** One command to its end, which must come within half a minute. */
  async snowstamp(...args: string[]): Promise<Ended> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_MS,
      killSignal: 'SIGKILL',
    });
    const [stdout, stderr] = [gathered(child.stdout), gathered(child.stderr)];
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout: stdout.join(''), stderr: stderr.join('') };
  }

  /** `snowstamp run`; killed at the end of the scope at the latest. */
  run(config: string): Running {
    return this.start('run', '--config', config);
  }

  /** A command that goes on until it is told to end, and prints a line of JSON now and then. */
  start(...args: string[]): Running {
    return this.#stack.use(new Running(args, this.folder));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function gathered(stream: NodeJS.ReadableStream): string[] {
  const pieces: string[] = [];
  stream.on('data', (piece: Buffer) => {
    pieces.push(piece.toString());
  });
  return pieces;
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export class Running implements AsyncDisposable {
  readonly lines: LogLine[] = [];
  /** Everything it said, on both streams. */
  readonly said: string[] = [];
  readonly #child: ChildProcess;

  constructor(args: readonly string[], cwd: string) {
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.said.push(line);
      this.lines.push(JSON.parse(line) as LogLine);
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      this.said.push(line);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The first line that says so, now or within the time. */
  async line(msg: string, matches: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const find = (): LogLine | undefined => this.lines.find((line) => line.msg === msg && matches(line));
    await eventually(`log line "${msg}"`, COMMAND_MS, () => {
      if (find() !== undefined) return Promise.resolve(undefined);
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.said.join('\n')}`);
      return Promise.resolve(this.said.slice(-5).join('\n') || 'nothing said');
    });
    return find()!;
  }

  /** Base address of its HTTP server. */
  async address(): Promise<string> {
    return `http://127.0.0.1:${String((await this.line('listening'))['port'])}`;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'close');
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.exitCode;
  }

  /** The exit code of one that ends by itself. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await once(this.#child, 'close', { signal: AbortSignal.timeout(COMMAND_MS) });
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}
