import { systemClock } from '../../src/clock.ts';
import { createCluster } from '../../src/kafka/cluster/cluster.ts';
import type { Cluster } from '../../src/kafka/cluster/port.ts';
import { BatchWriter, BufferPool, sealBatch } from '../../src/kafka/records/writer.ts';
import { describeError, ERROR } from '../../src/kafka/wire/errors.ts';
import { produce } from '../../src/kafka/wire/produce.ts';

const TRIES = 50;
const PAUSE_MS = 100;

/** A plain, fast, non-transactional producer for preloading topics: record batches of one size, written straight to the leader. */
export class Feeder {
  readonly #cluster: Cluster;
  readonly #pool = new BufferPool(2 ** 24);

  constructor(bootstrap: readonly string[]) {
    this.#cluster = createCluster({
      bootstrap,
      clientId: 'feeder',
      requestTimeoutMs: 10_000,
      clock: systemClock,
      log: () => undefined,
    });
  }

  /** Writes `count` records of `valueBytes` each, round robin over partitions, `perBatch` records a batch. Null keys, value = JSON-like text. */
  async feed(
    topic: string,
    partitions: number,
    count: number,
    valueBytes: number,
    perBatch: number,
  ): Promise<void> {
    await this.prepare(topic);
    let sent = 0;
    for (let turn = 0; sent < count; turn++) {
      const partition = turn % partitions;
      const n = Math.min(perBatch, count - sent);
      await this.send(topic, partition, n, (i) => valueOf(sent + i, valueBytes));
      sent += n;
    }
  }

  /** Looks the topic up; once before `send`. */
  async prepare(topic: string): Promise<void> {
    this.#cluster.watch([topic]);
    await this.#cluster.refresh();
  }

  /** One batch to one partition. */
  async send(
    topic: string,
    partition: number,
    count: number,
    value: (index: number) => Uint8Array,
  ): Promise<void> {
    const now = Date.now();
    const writer = new BatchWriter(this.#pool);
    writer.begin(2 ** 20);
    for (let i = 0; i < count; i++) {
      const bytes = value(i);
      const body = 1 + sizeOf(bytes.length) + bytes.length + 1;
      const at = writer.open(now, body);
      if (at < 0) throw new Error('a feeder batch is limited to 1 MiB');
      const out = writer.buffer.bytes;
      let p = at;
      out[p++] = 1; // key length −1
      for (let rest = bytes.length * 2; ; rest >>>= 7) {
        out[p++] = rest > 127 ? (rest & 127) | 128 : rest;
        if (rest <= 127) break;
      }
      out.set(bytes, p);
      out[p + bytes.length] = 0; // no headers
      writer.close(p + bytes.length + 1);
    }
    const batch = writer.finish({ compression: 'none', transactional: false });
    sealBatch(batch, { producerId: -1n, producerEpoch: -1, baseSequence: -1 });
    try {
      await this.#deliver(topic, partition, batch.bytes);
    } finally {
      batch.release();
    }
  }

  /** Leaders of a new topic take a moment: refusals that pass are tried again, bounded. */
  async #deliver(topic: string, partition: number, records: Uint8Array): Promise<void> {
    for (let left = TRIES; ; left--) {
      const leader =
        this.#cluster.topic(topic)?.partitions.find((p) => p.partition === partition)?.leader ?? -1;
      const topics = [{ topic, partitions: [{ partition, records }] }];
      const request = { transactionalId: null, acks: -1, timeoutMs: 10_000, topics } as const;
      const errorCode =
        leader < 0
          ? ERROR.LEADER_NOT_AVAILABLE
          : (await (await this.#cluster.link(leader, 'data')).send(produce, request, { timeoutMs: 10_000 }))
              .topics[0]?.partitions[0]?.errorCode;
      if (errorCode === ERROR.NONE) return;
      const passing = errorCode !== undefined && describeError(errorCode).class === 'refresh-metadata';
      if (!passing || left === 0) throw new Error(`the feeder's batch was refused with ${String(errorCode)}`);
      await systemClock.sleep(PAUSE_MS);
      await this.#cluster.refresh();
    }
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }
}

/** Bytes of the zig-zag varint of a length. */
const sizeOf = (length: number): number =>
  length < 64 ? 1 : length < 8_192 ? 2 : length < 1_048_576 ? 3 : 4;

const encoder = new TextEncoder();

function valueOf(index: number, bytes: number): Uint8Array {
  return encoder.encode(`{"n":${index},"pad":"`.padEnd(bytes - 2, 'abcdefghijklmnopqrstuvwxyz') + '"}');
}
