import { systemClock } from '../../src/clock.ts';
import type { Feeder } from './feeder.ts';

const PAUSE_MS = 20;

/**
 * A steady producer: every 20 ms one batch to each of the topics' partitions, until closed. A send that fails is forgotten, not
 * repeated: whatever the input then holds is the truth to judge by.
 */
export class SteadyLoad implements AsyncDisposable {
  sent = 0;
  failed = 0;
  readonly #stop = new AbortController();
  readonly #over: Promise<void>;

  constructor(feeder: Feeder, topics: readonly string[], { partitions = 1, perBatch = 20 } = {}) {
    this.#over = this.#run(feeder, topics, partitions, perBatch);
    this.#over.catch(() => undefined);
  }

  /** Ends the load; resolves when the last batch is answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#over;
  }

  async #run(feeder: Feeder, topics: readonly string[], partitions: number, perBatch: number): Promise<void> {
    const { signal } = this.#stop;
    for (const topic of topics) await feeder.prepare(topic);
    const value = (index: number): Uint8Array => new TextEncoder().encode(`{"n":${this.sent + index}}`);
    const targets = topics.flatMap((topic) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
    while (!signal.aborted) {
      for (const { topic, partition } of targets) {
        try {
          await feeder.send(topic, partition, perBatch, value);
          this.sent += perBatch;
        } catch {
          this.failed++;
          await feeder.prepare(topic).catch(() => undefined);
        }
      }
      await systemClock.sleep(PAUSE_MS, signal);
    }
  }
}
