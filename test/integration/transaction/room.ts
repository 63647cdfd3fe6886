import { randomUUID } from 'node:crypto';
import { connect, Socket } from 'node:net';
import { provideKafka } from '../../../deploy/local/backends.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Admin } from '../../../src/kafka/cluster/admin.ts';
import { createCluster } from '../../../src/kafka/cluster/cluster.ts';
import { createAdmin } from '../../../src/kafka/cluster/kafkajs.ts';
import type { ClusterOptions } from '../../../src/kafka/cluster/options.ts';
import type { Cluster } from '../../../src/kafka/cluster/port.ts';
import type { GroupIdentity } from '../../../src/kafka/membership/port.ts';
import { walkFetched } from '../../../src/kafka/records/fetched.ts';
import { fetchCommitted, type CommittedOutcome } from '../../../src/kafka/transaction/offsets.ts';
import type {
  OffsetToCommit,
  OutgoingBatch,
  TransactionFact,
  TransactionalProducer,
} from '../../../src/kafka/transaction/port.ts';
import { createProducer } from '../../../src/kafka/transaction/producer.ts';
import { fetch } from '../../../src/kafka/wire/fetch.ts';
import { joinGroup } from '../../../src/kafka/wire/join-group.ts';
import { encodeAssignment, encodeSubscription } from '../../../src/kafka/wire/subscription.ts';
import { syncGroup } from '../../../src/kafka/wire/sync-group.ts';
import { batchOf, valuesOf } from './batches.ts';

const WITHIN = { timeoutMs: 10_000 };
const MEMBER_ID_REQUIRED = 79;

/** A way into the cluster whose sockets the test can cut. */
export class Way {
  readonly sockets = new Set<Socket>();
  readonly cluster: Cluster;
  #dead = false;

  constructor(bootstrap: readonly string[]) {
    const options: ClusterOptions = {
      bootstrap,
      clientId: 'transaction-test',
      requestTimeoutMs: 5_000,
      log: () => undefined,
      clock: systemClock,
      socketFactory: ({ host, port, onConnect }) => {
        const socket = this.#dead ? new Socket().destroy() : connect({ host, port }, onConnect);
        this.sockets.add(socket);
        return socket;
      },
    };
    this.cluster = createCluster(options);
  }

  /** Cuts and lets nothing through again, at once: as if the process were gone. */
  die(): void {
    this.#dead = true;
    this.cut();
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }
}

export interface Member {
  readonly producer: TransactionalProducer;
  readonly facts: TransactionFact[];
  onFact: (fact: TransactionFact) => void;
}

/** Two topics, a group with one member, and producers of one transactional id, all of their own. */
export class Room implements AsyncDisposable {
  readonly input = `transaction-in-${randomUUID()}`;
  readonly output = `transaction-out-${randomUUID()}`;
  readonly groupId = `transaction-${randomUUID()}`;
  readonly transactionalId = `snowstamp.test.${randomUUID()}`;
  readonly way: Way;
  readonly #admin: Admin;
  readonly #bootstrap: readonly string[];
  readonly #ways: Way[] = [];

  private constructor(bootstrap: readonly string[], admin: Admin) {
    this.#bootstrap = bootstrap;
    this.#admin = admin;
    this.way = this.another();
  }

  static async open(settings: Readonly<Record<string, string>> = {}): Promise<Room> {
    const { bootstrap } = await provideKafka();
    const admin = createAdmin({
      bootstrap,
      clientId: 'transaction-test',
      requestTimeoutMs: 10_000,
      log: () => undefined,
      clock: systemClock,
    });
    const room = new Room(bootstrap, admin);
    const of = (topic: string) => ({ topic, partitions: 2, replicationFactor: 1, settings });
    await admin.createTopics([of(room.input), of(room.output)]);
    room.way.cluster.watch([room.input, room.output]);
    await room.way.cluster.refresh();
    return room;
  }

  another(): Way {
    const way = new Way(this.#bootstrap);
    this.#ways.push(way);
    return way;
  }

  member(way = this.way): Member {
    const facts: TransactionFact[] = [];
    const hooks: Pick<Member, 'onFact'> = { onFact: () => undefined };
    const producer = createProducer({
      cluster: way.cluster,
      clock: systemClock,
      transactionalId: this.transactionalId,
      requestTimeoutMs: 5_000,
      permitted: () => true,
      observe: (fact) => {
        facts.push(fact);
        hooks.onFact(fact);
      },
    });
    return Object.assign(hooks, { producer, facts });
  }

  /** Joins as the only member, by the messages themselves. */
  async join(): Promise<GroupIdentity> {
    const { cluster } = this.way;
    const { groupId } = this;
    const link = await cluster.link(await cluster.coordinator('group', groupId, WITHIN), 'join');
    const metadata = encodeSubscription({
      topics: [this.input],
      userData: null,
      ownedPartitions: [],
      generationId: -1,
      rackId: null,
    });
    const ask = (memberId: string) =>
      link.send(
        joinGroup,
        {
          groupId,
          sessionTimeoutMs: 30_000,
          rebalanceTimeoutMs: 30_000,
          memberId,
          groupInstanceId: null,
          protocolType: 'consumer',
          protocols: [{ name: 'cooperative-sticky', metadata }],
          reason: null,
        },
        WITHIN,
      );
    const first = await ask('');
    const { memberId, generationId } =
      first.errorCode === MEMBER_ID_REQUIRED ? await ask(first.memberId) : first;
    const assignment = encodeAssignment({
      assignedPartitions: [{ topic: this.input, partitions: [0, 1] }],
      userData: null,
    });
    const protocol = { protocolType: 'consumer', protocolName: 'cooperative-sticky' };
    const sync = {
      groupId,
      generationId,
      memberId,
      groupInstanceId: null,
      ...protocol,
      assignments: [{ memberId, assignment }],
    };
    const { errorCode } = await link.send(syncGroup, sync, WITHIN);
    if (errorCode !== 0) throw new Error(`SyncGroup answered ${errorCode}`);
    return { groupId, generationId, memberId, groupInstanceId: null };
  }

  batch(
    partition: number,
    values: readonly string[],
    timestampOf?: (index: number) => number,
  ): OutgoingBatch {
    return { topic: this.output, partition, batch: batchOf(values, timestampOf) };
  }

  at(partition: number, offset: number): OffsetToCommit {
    return { topic: this.input, partition, offset, leaderEpoch: 0, metadata: `v1:${offset}:0` };
  }

  committed(timeoutMs = 10_000, way = this.way): Promise<CommittedOutcome> {
    const partitions = [0, 1].map((partition) => ({ topic: this.input, partition }));
    const { signal } = new AbortController();
    return fetchCommitted(way.cluster, this.groupId, partitions, { clock: systemClock, signal, timeoutMs });
  }

  /** Offsets as committed, once stable. */
  async positions(): Promise<readonly number[]> {
    const committed = await this.committed();
    if (committed.result !== 'ok') throw new Error(`committed offsets: ${committed.result}`);
    return committed.offsets.map(({ offset }) => offset);
  }

  /** What read_committed shows of an output partition, once no transaction is open on it. */
  async visible(partition: number): Promise<readonly string[]> {
    const values: string[] = [];
    const { cluster } = this.way;
    const link = await cluster.link(cluster.topic(this.output)?.partitions[partition]?.leader ?? -1, 'fetch');
    for (let offset = 0, deadlineMs = performance.now() + 15_000; performance.now() < deadlineMs;) {
      const asked = {
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: 1 << 20,
      };
      const topics = [{ topic: this.output, partitions: [asked] }];
      const answer = await link.send(
        fetch,
        { maxWaitMs: 20, minBytes: 1, maxBytes: 1 << 20, isolationLevel: 1, topics },
        WITHIN,
      );
      const got = answer.topics[0]?.partitions[0];
      if (got === undefined || got.errorCode !== 0)
        throw new Error(`Fetch answered ${got?.errorCode ?? 'nothing'}`);
      const options = { inflateCapBytes: 1 << 20, verifyCrc: true };
      for (const piece of walkFetched(
        got.records ?? new Uint8Array(0),
        offset,
        got.abortedTransactions ?? [],
        options,
      )) {
        offset = piece.nextOffset;
        if (piece.kind === 'data') values.push(...valuesOf(piece.records, piece.header));
      }
      if (offset === got.highWatermark && got.lastStableOffset === offset) return values;
    }
    throw new Error(`a transaction stayed open on ${this.output}/${partition}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ways.map((way) => way.cluster.close()));
    await this.#admin.close();
  }
}
