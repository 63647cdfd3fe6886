import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../deploy/local/backends.ts';
import { Scene } from '../support/fleet-scene.ts';
import { innocent, type Verdict } from '../support/judge.ts';

const RECORDS = 60_000;

/** Where the worker dies: inside the n-th fact that is told at that point. */
const POINTS = {
  'after a fetch': 'pipeline:fetched:8',
  'after minting': 'pipeline:minted:8',
  'after Produce': 'transaction:produced:8',
  'before TxnOffsetCommit': 'transaction:offsets-added:8',
  'before EndTxn': 'transaction:offsets-committed:8',
  'after EndTxn': 'transaction:ended:8',
} as const;

interface Tale {
  readonly verdict: Verdict;
  readonly report: unknown;
}

/** Two workers share the topic; one dies at `point` while records flow; the other takes over and finishes. */
async function killed(kafka: KafkaBackend, etcd: EtcdBackend, dieAt: string): Promise<Tale> {
  await using scene = await Scene.open({ kafka, etcd });
  const [victim, survivor] = await scene.pair(['victim', { dieAt }], 'survivor');
  await scene.feed(RECORDS, { perBatch: 50 });
  await victim.sprung();
  await victim.gone;
  await scene.caughtUp();
  expect(await survivor.stop()).toBe(0);
  const [verdict, { report }] = await Promise.all([scene.judge(), scene.verify()]);
  return { verdict, report };
}

describe.each(['4.3.1', '3.9.2'] as const)(
  'a worker killed (SIGKILL), another taking over, Kafka %s',
  (version) => {
    let kafka: KafkaBackend;
    let etcd: EtcdBackend;
    const tales = new Map<string, Promise<Tale>>();

    beforeAll(async () => {
      [kafka, etcd] = await Promise.all([
        provideKafka(version === '4.3.1' ? {} : { version, fresh: true }),
        provideEtcd(),
      ]);
      // All at once, since each is mostly waiting for a session to run out.
      for (const [name, point] of Object.entries(POINTS)) {
        const tale = killed(kafka, etcd, point);
        tale.catch(() => undefined); // told by its own test
        tales.set(name, tale);
      }
      await Promise.allSettled(tales.values());
    }, 300_000);

    afterAll(async () => {
      await kafka[Symbol.asyncDispose]();
      await etcd[Symbol.asyncDispose]();
    });

    it.each(Object.keys(POINTS))(
      '%s: nothing lost, nothing twice, in order, and verify proves it (P1, P2, P3, P8; rules 4 and 6)',
      async (name) => {
        const { verdict, report } = (await tales.get(name))!;
        expect(verdict).toMatchObject(innocent(RECORDS));
        expect(report).toMatchObject({ verdict: 'proven', ids: RECORDS, duplicateIds: 0 });
      },
    );
  },
);
