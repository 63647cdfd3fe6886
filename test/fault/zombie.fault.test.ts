import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import { factsOf, isCommit, gained, type WorkerProcess } from '../support/fleet.ts';
import { Scene } from '../support/fleet-scene.ts';
import { innocent, type Verdict } from '../support/judge.ts';

const BEFORE = 60_000;
const AFTER = 12_000;

interface Tale {
  readonly verdict: Verdict;
  /** How the transaction that was open during the freeze ended, as the zombie saw it; undefined: none was open. */
  readonly zombieResult: string | undefined;
}

/** Two workers share the topic; one freezes, the other takes over and finishes; the zombie wakes and both go on. */
async function frozen(
  kafka: KafkaBackend,
  etcd: EtcdBackend,
  freeze: { readonly at: string } | { readonly afterMs: number },
): Promise<Tale> {
  await using scene = await Scene.open({ kafka, etcd });
  const trap = 'at' in freeze ? { freezeAt: freeze.at } : {};
  const [zombie, healthy] = await scene.pair(['zombie', trap], 'healthy');
  const joined = healthy.told.length;
  const feeding = scene.feed(BEFORE, { perBatch: 50 });
  if ('at' in freeze) await zombie.sprung();
  else {
    await zombie.seen('work to freeze in', isCommit);
    await systemClock.sleep(freeze.afterMs);
    zombie.signal('SIGSTOP');
  }
  await feeding;
  await healthy.seen('all partitions', gained(3), { from: joined });
  await scene.caughtUp();

  const before = zombie.told.length;
  zombie.signal('SIGCONT');
  await zombie.seen('a share again', gained(3), { from: before });
  const zombieResult = 'at' in freeze ? resultAfter(zombie, before) : undefined;
  await scene.feed(AFTER, { perBatch: 50 });
  await scene.caughtUp();
  expect([await zombie.stop(), await healthy.stop()]).toEqual([0, 0]);
  return { verdict: await scene.judge(), zombieResult };
}

function resultAfter(zombie: WorkerProcess, place: number): string | undefined {
  const thawed = zombie.told[place]!.t;
  const ends = factsOf(zombie, 'pipeline').flatMap(({ t, fact }) =>
    t >= thawed && fact.fact === 'transaction' ? [fact.result] : [],
  );
  return ends[0];
}

const FREEZES = {
  'before TxnOffsetCommit': { at: 'transaction:produced:8' },
  'before EndTxn': { at: 'transaction:offsets-committed:8' },
  'anywhere (1)': { afterMs: Math.random() * 200 },
  'anywhere (2)': { afterMs: Math.random() * 800 },
};

describe.each(['4.3.1', '3.9.2'] as const)('a worker frozen beyond its session, Kafka %s', (version) => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;
  const tales = new Map<string, Promise<Tale>>();

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([
      provideKafka(version === '4.3.1' ? {} : { version, fresh: true }),
      provideEtcd(),
    ]);
    for (const [name, freeze] of Object.entries(FREEZES)) {
      const tale = frozen(kafka, etcd, freeze);
      tale.catch(() => undefined); // told by its own test
      tales.set(name, tale);
    }
    await Promise.allSettled(tales.values());
  }, 300_000);

  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  it.each(Object.keys(FREEZES))(
    '%s: no loss and no duplicate when it wakes as a zombie (P1, P2, P3; rules 2 and 4)',
    async (name) => {
      const { verdict } = (await tales.get(name))!;
      expect(verdict).toMatchObject(innocent(BEFORE + AFTER));
    },
  );

  it.each(Object.keys(FREEZES).filter((name) => name.startsWith('before')))(
    '%s: the zombie does not commit what it had open (rule 2)',
    async (name) => {
      const { zombieResult } = (await tales.get(name))!;
      expect(['aborted', 'doubtful']).toContain(zombieResult);
    },
  );
});
