import type { AuditRecord } from './batches.ts';

/** Records of one partition, read as needed, with a bounded look ahead. */
export class Lookahead {
  readonly #source: AsyncIterator<readonly AuditRecord[]>;
  #buffer: AuditRecord[] = [];
  #first = 0;
  #ended = false;

  constructor(source: AsyncIterable<readonly AuditRecord[]>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Makes the next `count` records available, as far as there are any. */
  async fill(count: number): Promise<void> {
    while (!this.#ended && this.#buffer.length - this.#first < count) {
      const step = await this.#source.next();
      if (step.done === true) {
        this.#ended = true;
        return;
      }
      this.#buffer =
        this.#first === 0
          ? [...this.#buffer, ...step.value]
          : this.#buffer.slice(this.#first).concat(step.value);
      this.#first = 0;
    }
  }

  /** The record `ahead` places further, once filled; undefined past the end. */
  peek(ahead = 0): AuditRecord | undefined {
    return this.#buffer[this.#first + ahead];
  }

  shift(): void {
    this.#first++;
  }
}
