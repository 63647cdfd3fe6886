import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import type { DomainPin } from '../../src/lease/domain.ts';
import { EtcdStore } from '../../src/lease/etcd.ts';
import { initialise } from '../../src/lease/init.ts';
import { compose, DEFAULT_LAYOUT } from '../../src/snowflake/layout.ts';
import { isMinting, SHORT, TRY_MS, until } from '../support/lease-scene.ts';
import { judge } from '../support/mint-judge.ts';
import { hostMs } from '../support/mint-log.ts';
import { MintingWorker } from '../support/minting-worker.ts';

const PREFIX = '/two';
const DOMAIN_ID = 'd';
/** One node a slice, so that a lost etcd leaves no other node to flee to. */
const LAYOUT = { ...DEFAULT_LAYOUT, datacenterBits: 1, workerBits: 0, sequenceBits: 21 };
const LIMIT_MS = 120_000;

/** First and one past the last of IDs that follow each other, as they stand in the events. */
type Span = readonly [first: bigint, end: bigint];

/** By what the IDs are, whoever gave them: composed by the plain definition, compared as numbers. */
function spansOf(worker: MintingWorker): Span[] {
  const nodeOf = new Map(
    worker.all('claimed').map(({ incarnation }) => [incarnation.nonce, incarnation.node]),
  );
  return worker.all('minted').flatMap(({ nonce, runs }) =>
    runs.map(([timestampMs, sequence, count]): Span => {
      const first = compose(LAYOUT, { timestampMs, node: nodeOf.get(nonce)!, sequence });
      return [first, first + BigInt(count)];
    }),
  );
}

function overlaps(spans: readonly Span[]): string[] {
  const sorted = spans.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.flatMap(([first], i) => (i > 0 && first < sorted[i - 1]![1] ? [`${first} twice`] : []));
}

describe('two datacenters of one domain, each with an etcd and a slice of its own', () => {
  const etcds: EtcdBackend[] = [];
  const stores: EtcdStore[] = [];
  const workers: MintingWorker[] = [];
  let cutMs: number;
  let cutUntilMs: number;

  const store = (datacenter: number): EtcdStore => {
    const made = new EtcdStore({ endpoints: etcds[datacenter]!.endpoints, tryMs: TRY_MS }, systemClock);
    stores.push(made);
    return made;
  };
  const start = async (
    name: string,
    etcd: number,
    datacenter: number,
    pin: DomainPin = {},
  ): Promise<MintingWorker> => {
    const worker = await MintingWorker.start(store(etcd), systemClock, {
      ...{ name, prefix: PREFIX, timing: SHORT, keeper: { datacenter } },
      pin: { domainId: DOMAIN_ID, clusterId: `c${datacenter}`, datacenter, ...pin },
    });
    workers.push(worker);
    return worker;
  };
  const mintedBetween = (worker: MintingWorker, fromMs: number, toMs: number): number =>
    worker.all('minted').filter((entry) => entry.hostMs >= fromMs && entry.hostMs < toMs).length;

  beforeAll(async () => {
    for (const datacenter of [0, 1]) {
      etcds.push(await provideEtcd({ fresh: true }));
      const result = await initialise(store(datacenter), systemClock, {
        ...{ prefix: PREFIX, layout: LAYOUT, slices: [{ datacenter }], domainId: DOMAIN_ID },
        fresh: { domainId: 'unused', clusterId: `c${datacenter}` },
      });
      expect(result).toMatchObject({ at: 'created', windows: 1 });
    }
    const [a, b] = [await start('a', 0, 0), await start('b', 1, 1)];
    await until(() => [a, b].every(isMinting));
    cutMs = hostMs();
    etcds[0]!.nodes[0]!.signal('SIGSTOP');
    await until(() => a.all('lost').length > 0);
    const stillMs = hostMs();
    await until(() => mintedBetween(b, stillMs, Infinity) > 50);
    cutUntilMs = hostMs();
    etcds[0]!.nodes[0]!.signal('SIGCONT');
    await until(() => mintedBetween(a, cutUntilMs, Infinity) > 50, 60_000);
  }, LIMIT_MS);

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.vanish()));
    for (const each of stores) each.close();
    for (const etcd of etcds) await etcd[Symbol.asyncDispose]();
  });

  it('each mints from its own slice', () => {
    expect(workers.map(({ node }) => node)).toEqual([0, 1]);
  });

  it('cutting one etcd off stops its datacenter and leaves the other minting without a break', () => {
    const [a, b] = workers as [MintingWorker, MintingWorker];
    const lostMs = a.all('lost')[0]!.hostMs;
    expect(mintedBetween(a, lostMs, cutUntilMs)).toBe(0);
    expect(b.all('lost')).toEqual([]);
    const during = b.all('minted').filter((entry) => entry.hostMs >= cutMs && entry.hostMs < cutUntilMs);
    const longestMs = Math.max(...during.slice(1).map((entry, i) => entry.hostMs - during[i]!.hostMs));
    expect(longestMs).toBeLessThan(1_000);
  });

  it('never an equal ID, though both used every sequence of the same milliseconds', () => {
    const [a, b] = workers as [MintingWorker, MintingWorker];
    expect(judge([a, b]).findings).toEqual([]);
    expect(overlaps([a, b].flatMap(spansOf))).toEqual([]);
    const [ofA, ofB] = [a, b].map(
      (worker) =>
        new Set(worker.all('minted').flatMap(({ runs }) => runs.map(([timestampMs]) => timestampMs))),
    ) as [Set<number>, Set<number>];
    const shared = [...ofA].filter((timestampMs) => ofB.has(timestampMs));
    expect(shared.length).toBeGreaterThan(100);
  });

  it('control: without the slice in the ID, the same log holds duplicates', () => {
    const flat = workers.slice(0, 2).flatMap((worker) =>
      spansOf(worker).map(([first, end]): Span => {
        const slice = BigInt(worker.node!) << BigInt(LAYOUT.sequenceBits);
        return [first - slice, end - slice];
      }),
    );
    expect(overlaps(flat).length).toBeGreaterThan(100);
  });

  it('a worker of the wrong datacenter or the wrong cluster is refused, told what it wanted and what is there', async () => {
    await expect(start('stranger', 0, 1, { clusterId: 'c0' })).rejects.toMatchObject({
      code: 'DOMAIN_DIFFERS',
      message: expect.stringContaining('datacenter: wanted 1, this cluster serves 0') as unknown,
    });
    await expect(start('lost', 0, 0, { clusterId: 'c1' })).rejects.toMatchObject({
      code: 'DOMAIN_DIFFERS',
      message: expect.stringContaining('clusterId: wanted c1, found c0') as unknown,
    });
    await expect(start('alien', 1, 1, { domainId: 'e' })).rejects.toMatchObject({
      code: 'DOMAIN_DIFFERS',
      message: expect.stringContaining('domainId: wanted e, found d') as unknown,
    });
  });
});
