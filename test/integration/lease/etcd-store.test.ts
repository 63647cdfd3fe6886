import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../../../src/clock.ts';
import { EtcdStore } from '../../../src/lease/etcd.ts';
import { provideEtcd } from '../../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../../deploy/local/types.ts';
import { storeContract } from '../../unit/lease/store-contract.ts';

// Bounds a hang; no test waits for it.
jest.setTimeout(60_000);

describe('EtcdStore on a real etcd', () => {
  let etcd: EtcdBackend;
  let store: EtcdStore;
  let turn = 0;

  beforeAll(async () => {
    etcd = await provideEtcd();
    store = new EtcdStore({ endpoints: etcd.endpoints, tryMs: 1_000 }, systemClock);
  }, 120_000);

  afterAll(async () => {
    store.close();
    await etcd[Symbol.asyncDispose]();
  });

  storeContract(() => Promise.resolve({ store, prefix: `/contract-${process.pid}-${turn++}` }));

  it('reports a silent endpoint as unanswered, within its deadline', async () => {
    const nowhere = new EtcdStore({ endpoints: ['http://127.0.0.1:1'], tryMs: 300 }, systemClock);
    expect((await nowhere.look([{ do: 'get', key: '/x' }])).at).toBe('unanswered');
    expect((await nowhere.renewLease('1')).at).toBe('unanswered');
    nowhere.close();
  });

  it('goes on to the next endpoint at once when one does not answer', async () => {
    const both = new EtcdStore(
      { endpoints: ['http://127.0.0.1:1', ...etcd.endpoints], tryMs: 1_000 },
      systemClock,
    );
    expect((await both.look([{ do: 'get', key: '/x' }])).at).toBe('answered');
    expect((await both.openLease(5)).at).toBe('answered');
    both.close();
  });

  it.each([
    [['http://a:1', 'https://b:1'], undefined, /mix http and https/],
    [[], undefined, /no etcd endpoint/],
    [['a:1'], undefined, /is needed/],
    [['http://a:1'], { caFile: 'ca.pem' }, /endpoints are http/],
    [['https://a:1'], { caFile: 'ca.pem', certFile: 'c.pem' }, /together or not at all/],
  ])('refuses settings that cannot work: %j %j', (endpoints, tls, message) => {
    const make = () =>
      new EtcdStore({ endpoints, tryMs: 1, ...(tls === undefined ? {} : { tls }) }, systemClock);
    expect(make).toThrow(message);
  });
});
