import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('import-rules-program.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Plants files and hears what the linter says; see import-rules-program.ts. */
export class Planter implements AsyncDisposable {
  readonly #child = spawn(process.execPath, [PROGRAM], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  readonly #answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  /** What is said against `code` in a file of that name, one line each; the file need not exist. One call at a time. */
  async complaints(file: string, code: string): Promise<string[]> {
    this.#child.stdin.write(`${JSON.stringify([file, code])}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('the linter ended');
    return JSON.parse(answer.value) as string[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    while ((await this.#answers.next()).done !== true);
  }
}
