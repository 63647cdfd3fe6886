import { describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../../deploy/local/backends.ts';
import { systemClock } from '../../../src/clock.ts';
import { EtcdStore } from '../../../src/lease/etcd.ts';
import type { LeaseStore } from '../../../src/lease/store.ts';
import { StallingProxy } from './stalling-proxy.ts';

const TRY_MS = 2_000;
const STARTING_MS = 120_000;
const FILLING_MS = 20_000;

const look = (store: LeaseStore) => store.look([{ do: 'get', key: '/x' }]);
const put = (store: LeaseStore, value: string) =>
  store.transact({ when: [], then: [{ do: 'put', key: '/x', value }], otherwise: [] });

describe('EtcdStore against etcds of its own', () => {
  it(
    'speaks TLS with a client certificate, streams included, and gets nowhere without one',
    async () => {
      await using etcd = await provideEtcd({ tls: true });
      const store = new EtcdStore({ endpoints: etcd.endpoints, tls: etcd.tls!, tryMs: TRY_MS }, systemClock);
      expect(await look(store)).toMatchObject({ at: 'answered' });
      const lease = await store.openLease(5);
      expect(lease.at === 'answered' && (await store.renewLease(lease.value.leaseId))).toMatchObject({
        at: 'answered',
      });
      store.close();
      const tls = { caFile: etcd.tls!.caFile };
      const bare = new EtcdStore({ endpoints: etcd.endpoints, tls, tryMs: TRY_MS }, systemClock);
      expect(await look(bare)).toMatchObject({ at: 'unanswered' });
      bare.close();
    },
    STARTING_MS,
  );

  it(
    'speaks with a password, streams included, and is refused with a wrong one or none',
    async () => {
      await using etcd = await provideEtcd({ auth: true });
      const open = (auth?: { username: string; password: string }) =>
        new EtcdStore(
          { endpoints: etcd.endpoints, tryMs: TRY_MS, ...(auth === undefined ? {} : { auth }) },
          systemClock,
        );
      const user = etcd.users![1]!;
      const store = open(user);
      expect(await look(store)).toMatchObject({ at: 'answered' });
      const lease = await store.openLease(5);
      expect(lease.at === 'answered' && (await store.renewLease(lease.value.leaseId))).toMatchObject({
        at: 'answered',
      });
      store.close();
      for (const auth of [{ ...user, password: 'wrong' }, undefined]) {
        const stranger = open(auth);
        expect(await look(stranger)).toMatchObject({ at: 'refused' });
        stranger.close();
      }
    },
    STARTING_MS,
  );

  it(
    'notices a store that went back: an answer from below what was seen is none (STORE_ROLLED_BACK)',
    async () => {
      await using before = await provideEtcd({ fresh: true });
      await using restored = await provideEtcd({ fresh: true });
      await using proxy = await StallingProxy.before(before.endpoints[0]!);
      const endpoints = [proxy.endpoint, ...restored.endpoints];
      const store = new EtcdStore({ endpoints, tryMs: TRY_MS }, systemClock);
      await put(store, '1');
      await put(store, '2');
      proxy.silence('both');
      expect(await look(store)).toMatchObject({ at: 'rolled-back' });
      store.close();
    },
    STARTING_MS,
  );

  it(
    'names a full store, whose writes are known not to be applied while renewals go on',
    async () => {
      await using etcd = await provideEtcd({ fresh: true, flags: ['--quota-backend-bytes=2097152'] });
      const store = new EtcdStore({ endpoints: etcd.endpoints, tryMs: TRY_MS }, systemClock);
      const lease = await store.openLease(60);
      let answer = await put(store, 'x'.repeat(500_000));
      // etcd learns its own size when it commits a batch (every 100 ms), so how many writes fit is a matter of time.
      const giveUpAtMs = Date.now() + FILLING_MS;
      while (answer.at === 'answered' && Date.now() < giveUpAtMs)
        answer = await put(store, 'x'.repeat(500_000));
      expect(answer).toMatchObject({ at: 'full' });
      expect(lease.at === 'answered' && (await store.renewLease(lease.value.leaseId))).toMatchObject({
        at: 'answered',
        value: { ttlMs: 60_000 },
      });
      store.close();
    },
    STARTING_MS,
  );
});
