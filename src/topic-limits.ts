import type { Clock } from './clock.ts';
import { SnowstampError } from './errors.ts';
import type { Admin } from './kafka/cluster/admin.ts';
import type { Cluster } from './kafka/cluster/port.ts';

/**
 * The largest record batch each output topic takes: its max.message.bytes, as last read. Of a topic that is not there yet,
 * or may not be described, nothing is assumed: the broker's own refusal then decides (data-path rule 15), and no record
 * is taken for too large that is not.
 */
export class TopicLimits {
  readonly #admin: Pick<Admin, 'describeConfigs'>;
  readonly #cluster: Pick<Cluster, 'topic'>;
  readonly #bytes = new Map<string, number>();

  constructor(admin: Pick<Admin, 'describeConfigs'>, cluster: Pick<Cluster, 'topic'>) {
    this.#admin = admin;
    this.#cluster = cluster;
  }

  maxMessageBytes(topic: string): number {
    return this.#bytes.get(topic) ?? Number.MAX_SAFE_INTEGER;
  }

  /** What could not be read keeps what was known of it. */
  async refresh(topics: readonly string[]): Promise<void> {
    const there = topics.filter((topic) => this.#cluster.topic(topic)?.error === 0);
    await Promise.all(there.map((topic) => this.#read(topic)));
  }

  /** Reads again every `everyMs`, as topics appear and operators change limits, until what it returns is called. */
  keep(topics: readonly string[], clock: Clock, everyMs: number): () => void {
    const over = new AbortController();
    const again = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(everyMs, over.signal);
        if (over.signal.aborted) return;
        await this.refresh(topics);
      }
    };
    void again();
    return () => {
      over.abort();
    };
  }

  async #read(topic: string): Promise<void> {
    try {
      const value = Number((await this.#admin.describeConfigs(topic)).get('max.message.bytes'));
      if (Number.isSafeInteger(value) && value > 0) this.#bytes.set(topic, value);
    } catch (error) {
      if (!(error instanceof SnowstampError)) throw error;
    }
  }
}
