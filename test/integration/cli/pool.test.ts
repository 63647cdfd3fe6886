import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../../deploy/local/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { EtcdStore } from '../../../src/lease/etcd.ts';
import { compose, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { randomName } from '../../support/topics.ts';
import { User } from './program.ts';

let etcd: EtcdBackend;
let store: EtcdStore;

beforeAll(async () => {
  etcd = await provideEtcd();
  store = new EtcdStore({ endpoints: etcd.endpoints, tryMs: 2_000 }, systemClock);
}, 180_000);
afterAll(async () => {
  store.close();
  await etcd[Symbol.asyncDispose]();
});

const iso = (aheadMs: number): string => new Date(Date.now() + aheadMs).toISOString();

describe('an operator on the pool', () => {
  it('names datacenters, finds a lost window and raises it, retires the domain and makes its successor', async () => {
    await using user = await User.open();
    const prefix = `/${randomName('pool')}`;
    const config = await user.file('snowstamp.yaml', {
      domain: { prefix, datacenter: 3 },
      etcd: { endpoints: etcd.endpoints },
      lease: { ttlS: 5, windowMs: 3_000, refreshMs: 1_000 },
      kafka: { bootstrap: ['127.0.0.1:1'] },
      routes: [{ name: 'r', input: 'a', output: 'b' }],
    });
    const say = (...args: string[]) => user.snowstamp(...args, '-c', config);
    const made = await say('init', '--datacenter', '3=fra1,eu-central');
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('3 (fra1, eu-central): nodes 96 to 127'),
    });
    const id = /id: (\S+)/.exec(made.stdout)![1]!;
    expect(await say('init', '--datacenter', '3=fra2')).toMatchObject({
      code: 78,
      stdout: expect.stringContaining('slices: wanted 3 (fra2), found 3 (fra1, eu-central)'),
    });
    expect(await say('domain', 'show')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('fra1, eu-central'),
    });
    const one = compose(DEFAULT_LAYOUT, { timestampMs: Date.now(), node: 3 * 32 + 1, sequence: 0 });
    expect(await say('decode', String(one))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^datacenter {2}3 \(fra1, eu-central\)$/m),
    });
    expect(await say('workers')).toMatchObject({
      stdout: expect.stringContaining('pool of datacenter 3 (fra1, eu-central), nodes 96 to 127'),
    });

    const key = `${prefix}/window/100`;
    await store.transact({ when: [], then: [{ do: 'delete', key }], otherwise: [] });
    expect((await say('windows', 'list')).stdout).toMatch(/^ *100 +missing +– +– +– +–$/m);
    expect(await say('windows', 'raise', '--to', iso(1_000), '--missing')).toMatchObject({
      code: 78,
      stdout: expect.stringContaining('now + window + TTL'),
    });
    expect(await say('windows', 'raise', '--to', iso(60_000), '--missing')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^node 100: missing -> .*\nwindows raise: 1 raised/),
    });
    expect((await say('windows', 'list')).stdout).toMatch(/^ *100 +resting .* yes +raised +\d+ s$/m);
    expect(await say('windows', 'raise', '--to', iso(60_000))).toMatchObject({ code: 64 });

    expect(await say('domain', 'retire', '--confirm', '00000000-0000-4000-8000-000000000000')).toMatchObject({
      code: 78,
    });
    expect(await say('domain', 'retire', '--confirm', id)).toMatchObject({ code: 0 });
    expect(await say('domain', 'show')).toMatchObject({
      code: 78,
      stdout: expect.stringMatching(/retired at/),
    });
    expect(await say('workers')).toMatchObject({
      code: 78,
      stdout: expect.stringContaining('DOMAIN_RETIRED'),
    });
    const early = await say('init', '--datacenter', '3=fra1');
    expect(early).toMatchObject({ code: 78, stdout: expect.stringMatching(/rest for \d+ s more/) });
    expect(await say('init', '--datacenter', '3=fra1', '--from', String(2n ** 62n))).toMatchObject({
      code: 78,
      stdout: expect.stringContaining('not above --from'),
    });
  }, 90_000);
});
