import { Follower } from '../../../src/mapping/follower.ts';
import { MappingStore } from '../../../src/mapping/store.ts';
import { LogReader } from '../../../src/pipeline/log-reader.ts';
import { World } from '../pipeline/world.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';

/** A mapping topic of two partitions and a store that follows it. */
export class MappingTown {
  readonly world = new World();
  readonly store = new MappingStore(':memory:', 'ids');
  readonly log = new LogReader(this.world, 1_000);
  readonly over = new AbortController();

  constructor() {
    this.world.create('ids', 2);
  }

  follower(): Follower {
    const { world, log, store } = this;
    return new Follower({ cluster: world, clock: world.clock, log, store, topic: 'ids' });
  }

  /** Null takes a mapping back; a timestamp orders words in different partitions. */
  say(partition: number, key: string | null, value: string | null, timestamp = 1_760_000_000_000): this {
    const record = plainRecord({
      key: key === null ? null : text(key),
      value: value === null ? null : text(value),
      timestamp: BigInt(timestamp),
    });
    this.world.log('ids', partition).putBytes(encodeBatch({ records: [record] }));
    return this;
  }
}
