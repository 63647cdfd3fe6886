import { TopicReader } from '../../../src/audit/topic-reader.ts';
import { audit, type AuditRoute, type Report } from '../../../src/audit/verify.ts';
import { FakeLog } from '../pipeline/log.ts';
import { World } from '../pipeline/world.ts';
import {
  encodeBatch,
  plainRecord,
  text,
  type PlainHeader,
  type PlainRecord,
} from '../records/plain-codec.ts';

export const HEADER = 'snowflake_id';

export const header = (name: string, value: string): PlainHeader => ({
  name: text(name),
  value: text(value),
});

/** As a worker says it in its own words. */
export const lettered = (offset: number): PlainHeader[] =>
  Object.entries({
    code: 'C',
    message: 'm',
    route: 'r',
    topic: 'in',
    partition: '0',
    offset: String(offset),
  }).map(([name, said]) => header(`snowstamp.error.${name}`, said));

/** Input, output and dead letters of one partition as an honest worker leaves them, for tests to plant faults in. */
export class AuditTown {
  readonly world = new World();
  readonly #route: AuditRoute;

  constructor(changes: Partial<AuditRoute> = {}) {
    this.#route = {
      ...{
        name: 'r',
        input: 'in',
        output: 'out',
        deadLetter: 'dlq',
        inputCompacted: false,
        outputCompacted: false,
      },
      rule: { header: HEADER, existing: 'replace' },
      ...changes,
    };
    for (const topic of ['in', 'out', 'dlq', 'map']) this.world.create(topic);
  }

  give(...values: string[]): this {
    this.world.log('in').put(values);
    return this;
  }

  /** One batch of whatever a test wants there. */
  put(topic: 'in' | 'out' | 'dlq' | 'map', ...records: readonly Partial<PlainRecord>[]): this {
    this.world.log(topic).putBytes(encodeBatch({ records: records.map(plainRecord) }));
    return this;
  }

  /** A record that comes with an ID of its own. */
  giveStamped(value: string, id: bigint): this {
    const records = [plainRecord({ value: text(value), headers: [header(HEADER, String(id))] })];
    this.world.log('in').putBytes(encodeBatch({ records }));
    return this;
  }

  /** Stamped records, one transaction's batch without its marker; undefined as ID: a record nobody stamped. */
  stamped(...records: readonly (readonly [value: string, id: bigint | undefined])[]): this {
    const written = records.map(([value, id]) =>
      plainRecord({ value: text(value), headers: id === undefined ? [] : [header(HEADER, String(id))] }),
    );
    this.world.log('out').putBytes(encodeBatch({ records: written }));
    return this;
  }

  /** A whole transaction that wrote one record and was aborted or committed; its marker takes an offset too. */
  transaction(value: string, id: bigint, committed: boolean): this {
    const records = [plainRecord({ value: text(value), headers: [header(HEADER, String(id))] })];
    const batch = { records, transactional: true, producerId: 5n, producerEpoch: 0, baseSequence: 0 };
    this.world.log('out').putBytes(encodeBatch(batch), 5n);
    this.world.log('out').finish(5n, committed);
    return this;
  }

  /** As a committed transaction whose marker comes with the third look at the log only, or never. */
  late(value: string, id: bigint, comes: boolean): this {
    const records = [plainRecord({ value: text(value), headers: [header(HEADER, String(id))] })];
    const batch = { records, transactional: true, producerId: 6n, producerEpoch: 0, baseSequence: 0 };
    this.world.log('out').putBytes(encodeBatch(batch), 6n);
    let looks = 0;
    this.world.onFetch = ({ topics }) => {
      if (comes && topics[0]?.topic === 'out' && ++looks === 3) this.world.log('out').finish(6n, true);
      return undefined;
    };
    return this;
  }

  /** One partition more of the output than the input has, with these records. */
  beside(...records: readonly (readonly [value: string, id: bigint])[]): this {
    const log = new FakeLog();
    for (const [value, id] of records)
      log.putBytes(
        encodeBatch({
          records: [plainRecord({ value: text(value), headers: [header(HEADER, String(id))] })],
        }),
      );
    this.world.topics.get('out')!.logs.push(log);
    this.world.show();
    return this;
  }

  /** A dead letter of that input record; `said` are headers behind those it says where it is from with. */
  buried(value: string, offset: number, said: readonly PlainHeader[] = lettered(offset)): this {
    const records = [plainRecord({ value: text(value), headers: [...said] })];
    this.world.log('dlq').putBytes(encodeBatch({ records }));
    return this;
  }

  committed(offset: number, metadata: string | null): this {
    this.world.committed.set('in-0', { offset, leaderEpoch: 0, metadata });
    return this;
  }

  verify(): Promise<Report> {
    return audit({
      reader: new TopicReader(this.world, (ms) => this.world.clock.sleep(ms)),
      groupId: 'g',
      routes: [this.#route],
      expect: () => undefined,
      progress: () => undefined,
    });
  }
}
