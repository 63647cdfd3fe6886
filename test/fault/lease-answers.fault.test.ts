import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it, jest } from '@jest/globals';
import { Etcd3 } from 'etcd3';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import type { LeaseFact } from '../../src/lease/port.ts';
import { StallingProxy } from '../integration/lease/stalling-proxy.ts';
import { isMinting, LeaseScene, SHORT, TTL_MS, until } from '../support/lease-scene.ts';
import { hostMs } from '../support/mint-log.ts';
import type { MintingWorker } from '../support/minting-worker.ts';
import { Tap, type Kind } from '../support/store-taps.ts';

// Bounds a hang; no test waits for it.
jest.setTimeout(60_000);

let etcd: EtcdBackend;
let proxy: StallingProxy;
let scene: LeaseScene;

beforeAll(async () => {
  etcd = await provideEtcd({ fresh: true });
}, 180_000);
afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

beforeEach(async () => {
  proxy = await StallingProxy.before(etcd.endpoints[0]!);
  scene = await LeaseScene.open({ endpoints: etcd.endpoints, workerBits: 2 });
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

const both = (): string[] => [proxy.endpoint, ...etcd.endpoints];

describe('the answer of one transaction is lost on the wire', () => {
  let sent: Kind[];
  let facts: LeaseFact[];

  /** A worker whose n-th transaction of that kind goes out over a wire that brings no answer. */
  function deafTo(kind: Kind, n: number): Promise<MintingWorker> {
    sent = [];
    facts = [];
    return scene.start('deaf', {
      endpoints: both(),
      observe: (fact) => facts.push(fact),
      through: (store) =>
        new Tap(store, (sending) => {
          sent.push(sending);
          if (sending === kind && sent.filter((other) => other === kind).length === n)
            proxy.silence('answers');
        }),
    });
  }

  const trouble = (during: Kind) => expect.objectContaining({ fact: 'trouble', during, unknown: true });

  it('of CLAIM: the node is kept and its floor with it; no second claim, no node lost', async () => {
    const worker = await deafTo('claim', 1);
    await until(() => isMinting(worker));
    expect(facts).toContainEqual(trouble('claim'));
    expect(sent.filter((kind) => kind === 'claim')).toHaveLength(1);
    const verdict = await scene.verdict();
    expect(verdict).toMatchObject({ findings: [], incarnations: 1 });
    expect(scene.watch.events.filter(({ key, value }) => key.startsWith('claim') && value)).toHaveLength(1);
  });

  it('of GRANT: the raised window is found by a read and minted under; nothing is lost', async () => {
    const worker = await deafTo('grant', 3);
    await until(() => worker.all('permit').length >= 5);
    expect(facts).toContainEqual(trouble('grant'));
    expect(worker.all('lost')).toEqual([]);
    expect(await scene.verdict()).toMatchObject({ findings: [], incarnations: 1 });
    // Every window that etcd holds was told: none was burnt.
    const stored = scene.watch.events.filter(
      ({ key, value }) => key === `window/${worker.node}` && value?.includes(';held'),
    );
    const told = new Set(worker.all('permit').map(({ permit }) => permit.untilMs));
    expect(stored.slice(0, 5).filter(({ value }) => !told.has(Number(value!.slice(0, 20))))).toEqual([]);
  });

  it('of RELEASE: a read shows that it was clean, and the node is free at once', async () => {
    const worker = await deafTo('release', 1);
    await until(() => isMinting(worker));
    await worker.release();
    expect(facts).toContainEqual(expect.objectContaining({ fact: 'released', clean: true }));
    const next = await scene.start('next');
    await until(() => isMinting(next));
    expect(await scene.verdict()).toMatchObject({ findings: [], incarnations: 2 });
  });

  it.each(['claim', 'grant'] as const)(
    'control: etcd3 as it comes repeats a %s, and reports its own as somebody else’s',
    async (kind) => {
      const client = new Etcd3({ hosts: proxy.endpoint });
      const direct = new Etcd3({ hosts: etcd.endpoints });
      const key = `${scene.prefix}/control`;
      if (kind === 'grant') await direct.put(key).value('1');
      const step =
        kind === 'claim'
          ? client.if(key, 'Create', '==', 0).then(client.put(key).value('2'))
          : client.if(key, 'Value', '<', '2').then(client.put(key).value('2'));
      await client.get(key); // connected
      proxy.silence('answers');
      const answer = step.else(client.get(key)).commit();
      await until(async () => (await direct.get(key).string()) === '2');
      proxy.restore(); // what is open is cut, as a proxy that comes back does
      expect((await answer).succeeded).toBe(false);
      client.close();
      direct.close();
    },
  );
});

describe('two endpoints, one of them hung', () => {
  async function hung(tryMs?: number): Promise<{ worker: MintingWorker; hungMs: number }> {
    const worker = await scene.start('w', { endpoints: both(), ...(tryMs === undefined ? {} : { tryMs }) });
    await until(() => worker.all('permit').length >= 2);
    proxy.silence('both');
    return { worker, hungMs: hostMs() };
  }

  it('the lease is renewed and the window raised over the other within TTL/2', async () => {
    const { worker, hungMs } = await hung();
    await until(() => worker.all('permit').at(-1)!.hostMs > hungMs + SHORT.refreshMs);
    const renewedMs = worker.all('permit').find(({ hostMs: at }) => at > hungMs)!.hostMs;
    console.log(`one of two hung: renewed ${(renewedMs - hungMs).toFixed(0)} ms after`);
    expect(renewedMs - hungMs).toBeLessThan(TTL_MS / 2);
    expect(worker.all('lost')).toEqual([]);
    expect(await scene.verdict()).toMatchObject({ findings: [], incarnations: 1 });
  });

  it('control: with a try as long as the lease, it is lost although a healthy endpoint is listed', async () => {
    const { worker } = await hung(TTL_MS);
    await until(() => worker.all('lost').length > 0);
    expect((await scene.verdict()).findings).toEqual([]);
  });
});
