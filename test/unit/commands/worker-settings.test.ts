import { describe, expect, it } from '@jest/globals';
import { etcdSettingsOf, kafkaOptionsOf, workerSettingsOf } from '../../../src/commands/worker-settings.ts';
import { DEFAULT_GUARD_RULES } from '../../../src/lease/clock-guard.ts';
import { settingsFor } from '../../support/settings.ts';
import { configOf, LEAST } from '../config/fixture.ts';

const noFile = (path: string): string => {
  throw new Error(`${path} was read`);
};
const PEM = { '/ca': 'CA', '/cert': 'CERT', '/key': 'KEY', '/pw': 'secret\n' } as const;
const read = (path: string): string => PEM[path as keyof typeof PEM];

describe('the configuration in the words of the rooms', () => {
  it('defaults are the times and sizes the tests of the whole worker run with', () => {
    const settings = workerSettingsOf(configOf(), 'host-1', noFile);
    const tested = settingsFor({
      bootstrap: ['kafka:9092'],
      etcd: ['http://etcd:2379'],
      prefix: '/snowstamp',
      groupId: 'snowstamp',
      name: 'host-1',
      routes: LEAST.routes,
    });
    expect(settings.pipeline).toMatchObject(tested.pipeline);
    expect(settings.lease).toMatchObject(tested.lease);
    for (const key of [
      'etcd',
      'group',
      'generator',
      'transactionTimeoutMs',
      'leaveGroupAfterMs',
      'drainTimeoutMs',
    ] as const)
      expect([key, settings[key]]).toEqual([key, tested[key]]);
  });

  it('thresholds of the clock: by default the rows of the lease’s table, and whatever the file says instead', () => {
    expect(workerSettingsOf(configOf(), 'h', noFile).lease.clockRules).toEqual(DEFAULT_GUARD_RULES);
    const clock = {
      ...{
        warnOffsetMs: 1,
        notReadyOffsetMs: 2,
        refuseOffsetMs: 3,
        maxErrorMs: 3,
        maxUnsynchronisedMs: 4_000,
      },
      ...{ noticeForwardMs: 5, forwardStepMs: 6, stallMs: 700 },
      ...{ rollbackAlarmCount: 5, rollbackAlarmMs: 6_000 },
    };
    const changed = workerSettingsOf(configOf({ file: { ...LEAST, clock } }), 'h', noFile);
    expect(changed.lease.clockRules).toEqual(clock);
    expect(changed.generator).toMatchObject({ noticeForwardMs: 5, forwardStepMs: 6, maxLeadMs: 5 });
  });

  it('a route with a dead-letter topic uses it, one without stops, unless it says otherwise', () => {
    const routes = [
      { name: 'a', input: 'a', output: 'a-out', deadLetter: 'dead' },
      { name: 'b', input: 'b', output: 'b-out' },
      { name: 'c', input: 'c', output: 'c-out', deadLetter: 'dead', onError: 'stop' },
    ];
    const { pipeline } = workerSettingsOf(configOf({ file: { ...LEAST, routes } }), 'h', noFile);
    expect(pipeline.routes.map(({ onError }) => onError)).toEqual(['deadLetter', 'stop', 'stop']);
  });

  it('ride-through: TTL, window and refresh of the profile, and a longer try', () => {
    const file = { ...LEAST, lease: { profile: 'ride-through' } };
    const { lease, etcd } = workerSettingsOf(configOf({ file }), 'h', noFile);
    expect(lease).toMatchObject({ ttlS: 600, windowMs: 570_000, refreshMs: 30_000 });
    expect(etcd.tryMs).toBe(2_000);
    const short = configOf({ file: { ...LEAST, lease: { ttlS: 5, windowMs: 4_000, refreshMs: 1_000 } } });
    expect(workerSettingsOf(short, 'h', noFile).etcd.tryMs).toBe(1_000);
  });

  it('a registry: who asks, with which files, and how it is used', () => {
    const registry = {
      url: 'https://r:8443/apis/ccompat/v7/',
      username: 'u',
      passwordFile: '/pw',
      tls: { caFile: '/ca' },
    };
    const config = configOf({ file: { ...LEAST, registry }, files: PEM });
    expect(workerSettingsOf(config, 'h', read).registry).toEqual({
      connection: {
        ...{ url: 'https://r:8443/apis/ccompat/v7', timeoutMs: 5_000, tls: { ca: 'CA' } },
        auth: { kind: 'basic', username: 'u', password: 'secret' },
      },
      ...{ subjectStrategy: 'topic', registerMode: 'auto', compatibility: 'NONE' },
      ...{ proveEvents: 3, negativeTtlMs: 30_000, maxSchemas: 1_000 },
    });
    const token = configOf({ file: { ...LEAST, registry: { url: 'http://r', token: 't' } } });
    expect(workerSettingsOf(token, 'h', noFile).registry?.connection).toMatchObject({
      ...{ auth: { kind: 'bearer', token: 't' }, tls: undefined },
    });
    expect(workerSettingsOf(configOf(), 'h', noFile).registry).toBeUndefined();
  });

  it('domain pins go where the domain record is compared with them', () => {
    const ids = {
      id: '0b5e1a3c-6d2f-4e8a-9b7c-1d2e3f4a5b6c',
      clusterId: '7c6b5a4f-3e2d-4c1b-8a9f-0e1d2c3b4a5f',
    };
    const file = { ...LEAST, domain: { ...ids, datacenter: 3 } };
    expect(workerSettingsOf(configOf({ file }), 'h', noFile).domain.pin).toMatchObject({
      domainId: ids.id,
      clusterId: ids.clusterId,
      datacenter: 3,
      layout: { timestampBits: 41, epochMs: Date.UTC(2024, 0, 1) },
    });
  });
});

describe('connections', () => {
  it('TLS to Kafka is PEM text; what is left out is absent, not undefined', () => {
    const tls = { caFile: '/ca', certFile: '/cert', keyFile: '/key', servername: 'kafka' };
    const config = configOf({ file: { ...LEAST, kafka: { ...LEAST.kafka, tls } }, files: PEM });
    expect(kafkaOptionsOf(config, read).tls).toEqual({
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      servername: 'kafka',
    });
    const system = configOf({ file: { ...LEAST, kafka: { ...LEAST.kafka, tls: {} } } });
    expect(Object.keys(kafkaOptionsOf(system, noFile).tls ?? { none: 1 })).toEqual([]);
    expect(kafkaOptionsOf(configOf(), noFile)).not.toHaveProperty('tls');
  });

  it('SASL: user and password, or a provider of tokens', () => {
    const sasl = { mechanism: 'scram-sha-512', username: 'u', passwordFile: '/pw' };
    const withUser = configOf({ file: { ...LEAST, kafka: { ...LEAST.kafka, sasl } }, files: PEM });
    expect(kafkaOptionsOf(withUser, noFile).sasl).toEqual({
      mechanism: 'scram-sha-512',
      username: 'u',
      password: 'secret',
    });
    const oauth = {
      mechanism: 'oauthbearer',
      tokenEndpoint: 'https://idp/t',
      clientId: 'c',
      clientSecret: 's',
    };
    const withToken = configOf({ file: { ...LEAST, kafka: { ...LEAST.kafka, sasl: oauth } } });
    expect(kafkaOptionsOf(withToken, noFile).sasl).toMatchObject({
      mechanism: 'oauthbearer',
      oauthBearerProvider: expect.any(Function) as unknown,
    });
    expect(kafkaOptionsOf(configOf(), noFile)).not.toHaveProperty('sasl');
  });

  it('etcd: user and password together, TLS as files, which are read again at every connection', () => {
    const tls = { caFile: '/ca' };
    const etcd = { endpoints: ['https://e:2379'], username: 'u', passwordFile: '/pw', tls };
    expect(etcdSettingsOf(configOf({ file: { ...LEAST, etcd }, files: PEM }))).toEqual({
      endpoints: ['https://e:2379'],
      auth: { username: 'u', password: 'secret' },
      tls,
    });
    expect(etcdSettingsOf(configOf())).toEqual({ endpoints: ['http://etcd:2379'] });
  });
});
