import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
/** What was exported to explore `npm run dev` would override the demo's own configuration. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('SNOWSTAMP_')),
);

/** One `snowstamp run` in a process of its own. */
export class DemoWorker {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #serving = Promise.withResolvers<undefined>();
  node: number | undefined;
  port: number | undefined;

  constructor(name: string, configFile: string) {
    this.name = name;
    this.#child = spawn(process.execPath, [MAIN, 'run', '--config', configFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environment,
    });
    this.#serving.promise.catch(() => undefined);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#read(line);
    });
    this.#child.once('exit', (code) => {
      this.#serving.reject(new Error(`${name} ended with ${String(code)} before it served`));
    });
  }

  /** Resolves once it holds a worker ID and its partitions. */
  get serving(): Promise<undefined> {
    return this.#serving.promise;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    this.#child.kill(signal);
    const [code] = (await once(this.#child, 'exit')) as [number | null];
    return code;
  }

  #read(line: string): void {
    const entry = JSON.parse(line) as {
      msg: string;
      level: string;
      port?: number;
      node?: number;
      code?: string;
    };
    if (entry.msg === 'listening') this.port = entry.port;
    if (entry.msg === 'lease: state' && entry.node !== undefined) this.node = entry.node;
    if (entry.msg === 'membership: synced') this.#serving.resolve(undefined);
    if (entry.level === 'error') process.stderr.write(`${this.name}: ${line}\n`);
  }
}

/** Runs one command of the program and answers what it printed. */
export async function snowstamp(...args: string[]): Promise<{ code: number; text: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, text };
}
