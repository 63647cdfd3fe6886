import { describe, expect, it } from '@jest/globals';
import { formatMistakes } from '../../../src/config/mistake.ts';
import { configOf, LEAST, load, mistakesOf, pathsOf } from './fixture.ts';

const mb = 2 ** 20;

/** One of everything that can be wrong between settings. */
const PLANTED = {
  domain: { datacenter: 32, layout: { timestampBits: 42 } },
  etcd: {
    endpoints: ['https://a:2379', 'http://b', 'http://c:99999'],
    username: 'u',
    tls: { caFile: 'ca.pem', certFile: 'cert.pem' },
  },
  lease: { ttlS: 4, windowMs: 14_000, refreshMs: 5_000 },
  clock: {
    absorbBackMs: 600,
    noticeForwardMs: 501,
    warnOffsetMs: 501,
    notReadyOffsetMs: 499,
    refuseOffsetMs: 240,
    sources: {
      nodeExporterUrl: 'http://u:p@h/metrics',
      ntpServers: ['a', 'a:0', 'http://a'],
      everyMs: 600_001,
    },
  },
  kafka: {
    bootstrap: ['kafka:0'],
    sessionTimeoutMs: 9_000,
    heartbeatMs: 3_001,
    transactionTimeoutMs: 9_001,
    tls: { keyFile: 'key.pem' },
    sasl: { mechanism: 'plain' },
  },
  routes: [
    { name: 'a', input: 'in', output: 'out', deadLetter: 'out' },
    { name: 'a', input: 'in', output: 'out' },
    { name: 'c', input: 'in-c', output: 'in', deadLetter: 'in-c' },
    { name: 'd', input: 'in-d', output: 'out-d', deadLetter: 'out', onError: 'deadLetter' },
    { name: 'e', input: 'in-e', output: 'in-e', onError: 'deadLetter' },
  ],
  pipeline: { commitIntervalMs: 4_501, memoryBytes: 8 * mb, transactionBytes: 8 * mb, retryFirstMs: 6_000 },
  admission: { shutAt: 0.5, openAt: 0.5, shutAtRecords: 10, openAtRecords: 10 },
};

const EXPECTED = [
  'etcd.tls.caFile',
  'etcd.tls.certFile',
  'kafka.tls.keyFile',
  'domain.layout',
  'domain.datacenter',
  'lease.ttlS',
  'lease.windowMs',
  'lease.refreshMs',
  'clock.absorbBackMs',
  'clock.noticeForwardMs',
  'clock.warnOffsetMs',
  'clock.notReadyOffsetMs',
  'clock.maxErrorMs',
  'clock.sources.nodeExporterUrl',
  'clock.sources.ntpServers[1]',
  'clock.sources.ntpServers[2]',
  'clock.sources.everyMs',
  'etcd.endpoints[1]',
  'etcd.endpoints[2]',
  'etcd.endpoints',
  'etcd.tls',
  'etcd.tls',
  'etcd.username',
  'kafka.bootstrap[0]',
  'kafka.transactionTimeoutMs',
  'kafka.heartbeatMs',
  'kafka.tls',
  'kafka.sasl',
  'routes[0].deadLetter',
  'routes[1].name',
  'routes[1].input',
  'routes[1].output',
  'routes[2].output',
  'routes[2].deadLetter',
  'routes[3].deadLetter',
  'routes[4].output',
  'routes[4].onError',
  'pipeline.commitIntervalMs',
  'pipeline.memoryBytes',
  'pipeline.retryFirstMs',
  'admission.openAt',
  'admission.openAtRecords',
];

describe('all mistakes at once', () => {
  it('every mistake between settings is told with its path', () => {
    expect(pathsOf({ file: PLANTED })).toEqual(EXPECTED);
  });

  it('each has a problem and a remedy, and is one line of what is printed', () => {
    const mistakes = mistakesOf({ file: PLANTED });
    for (const { problem, remedy } of mistakes) {
      expect(problem).toMatch(/^\S.*[^.]$/);
      expect(remedy).toMatch(/^\S.*\S$/);
    }
    expect(formatMistakes(mistakes).split('\n')).toHaveLength(EXPECTED.length);
  });

  it('control: the same settings mended, one by one, load', () => {
    const mended = {
      domain: { datacenter: 31 },
      etcd: { endpoints: ['https://a:2379'], tls: { caFile: 'ca.pem' } },
      lease: { ttlS: 15, windowMs: 13_500, refreshMs: 4_500 },
      clock: {
        ...{ absorbBackMs: 500, noticeForwardMs: 500 },
        ...{ warnOffsetMs: 499, notReadyOffsetMs: 499, refuseOffsetMs: 499, maxErrorMs: 499 },
        sources: {
          nodeExporterUrl: 'http://h:9100/metrics',
          ntpServers: ['a', '[::1]:123'],
          everyMs: 600_000,
        },
      },
      kafka: {
        bootstrap: ['kafka:1', '[::1]:9092'],
        sessionTimeoutMs: 9_000,
        heartbeatMs: 3_000,
        transactionTimeoutMs: 9_000,
        sasl: { mechanism: 'plain', username: 'u', password: 'p' },
      },
      routes: [
        { name: 'a', input: 'in', output: 'out', deadLetter: 'dead' },
        { name: 'd', input: 'in-d', output: 'out-d', deadLetter: 'dead', onError: 'stop' },
      ],
      pipeline: {
        commitIntervalMs: 4_499,
        memoryBytes: 10 * mb,
        transactionBytes: 8 * mb,
        retryFirstMs: 5_000,
      },
      admission: { shutAt: 0.5, openAt: 0.49, shutAtRecords: 10, openAtRecords: 9 },
    };
    expect(mistakesOf({ file: mended, files: { 'ca.pem': 'PEM' } })).toEqual([]);
  });

  it('a mistake of shape hides no mistake between settings of other sections, nor one of the environment', () => {
    const file = { ...LEAST, http: { port: 'x' }, kafka: { ...LEAST.kafka, heartbeatMs: 9_999 } };
    expect(pathsOf({ file, env: { SNOWSTAMP_NONE: '1' } })).toEqual([
      'SNOWSTAMP_NONE',
      'http.port',
      'kafka.heartbeatMs',
    ]);
  });

  it('rules are not asked about a section of the wrong shape: its defaults are not what was written', () => {
    const file = {
      ...LEAST,
      kafka: { ...LEAST.kafka, sessionTimeoutMs: 'long', transactionTimeoutMs: 20_000 },
    };
    expect(pathsOf({ file })).toEqual(['kafka.sessionTimeoutMs']);
  });

  it('oauthbearer needs all three settings, and an address without a secret in it', () => {
    const sasl = { mechanism: 'oauthbearer', tokenEndpoint: 'https://u:p@idp/token', clientId: 'c' };
    const file = { ...LEAST, kafka: { ...LEAST.kafka, sasl } };
    expect(pathsOf({ file })).toEqual(['kafka.sasl', 'kafka.sasl.tokenEndpoint']);
  });

  it('an epoch that lies ahead is refused: its timestamps would be negative', () => {
    const file = { ...LEAST, domain: { layout: { epoch: '2027-01-01T00:00:00Z' } } };
    expect(mistakesOf({ file })).toMatchObject([
      { path: 'domain.layout', problem: expect.stringContaining('after the present') as unknown },
    ]);
  });
});

describe('the shape of the file', () => {
  it('the least configuration loads, with every default filled in', () => {
    const config = configOf();
    expect(config.kafka.groupId).toBe('snowstamp');
    expect(config.routes[0]).toMatchObject({
      stamp: { in: 'header', header: 'snowflake_id', existing: 'replace' },
      deadLetterHeaders: 'snowstamp',
    });
    expect(config.clock.proof).toBe('auto');
  });

  it('an unknown key is told with the known one it resembles, at every depth', () => {
    const file = {
      ...LEAST,
      htpp: {},
      kafka: { ...LEAST.kafka, groupID: 'g', sasl: { mechanism: 'plain', passwrdFile: 'f' } },
      routes: [{ ...LEAST.routes[0], dedLetter: 'd', zebra: 1 }],
    };
    const told = mistakesOf({ file }).map(({ path, remedy }) => [path, remedy]);
    expect(told).toEqual(
      expect.arrayContaining([
        ['htpp', 'did you mean http?'],
        ['kafka.groupID', 'did you mean groupId?'],
        ['kafka.sasl.passwrdFile', 'did you mean passwordFile?'],
        ['routes[0].dedLetter', 'did you mean deadLetter?'],
        ['routes[0].zebra', expect.stringMatching(/^known here: name, input, output/)],
      ]),
    );
    expect(told).toHaveLength(5);
  });

  it('what is missing is called missing, with what is wanted', () => {
    expect(mistakesOf({ file: { ...LEAST, routes: [{ name: 'a', input: 'b' }] } })).toEqual([
      { path: 'routes[0].output', problem: 'is missing', remedy: 'wanted: Topic of stamped events.' },
    ]);
    expect(pathsOf({ file: '' })).toEqual(['etcd', 'kafka', 'routes']);
  });

  it('a section without a value keeps its defaults, as when all its lines are commented out', () => {
    const text =
      'etcd: {endpoints: ["http://e:1"]}\nkafka:\n  bootstrap: [k:1]\n  groupId:\nroutes: [{name: a, input: b, output: c}]\nclock:\n';
    expect(configOf({ file: text }).kafka.groupId).toBe('snowstamp');
  });

  it('a number where a text belongs asks for quotes', () => {
    const file = { ...LEAST, kafka: { ...LEAST.kafka, groupId: 12 } };
    expect(mistakesOf({ file })).toMatchObject([{ path: 'kafka.groupId', remedy: 'put it in quotes' }]);
  });

  it('a file that is a list is refused', () => {
    expect(mistakesOf({ file: '- 1' })[0]).toMatchObject({ path: '', problem: /no mapping/ });
  });
});

describe('broken YAML', () => {
  it.each([
    ['a list that is not closed', 'kafka:\n  bootstrap: [a:1\nroutes: 1\n', 'snowstamp.yaml:3:1'],
    ['a key given twice', 'kafka: {}\nkafka: {}\n', 'snowstamp.yaml:2:1'],
    ['two documents', '--- {}\n--- {}\n', 'snowstamp.yaml:2:1'],
    ['a tab as indentation', 'kafka:\n\tbootstrap: 1\n', 'snowstamp.yaml:2:1'],
    ['a tag', 'kafka: !x 1\n', 'snowstamp.yaml:1:8'],
    ['a key that is a list', '? [1]\n: 2\n', 'snowstamp.yaml:1:3'],
  ])('%s is told with line and column', (_, text, path) => {
    const loaded = load({ file: text });
    expect(loaded).toMatchObject({ ok: false });
    expect(pathsOf({ file: text })).toContain(path);
  });

  it('a bomb of aliases is refused', () => {
    const lines = Array.from({ length: 12 }, (_, i) =>
      i === 0 ? 'a0: &a0 [x, x, x]' : `a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}]`,
    );
    expect(load({ file: lines.join('\n') })).toMatchObject({ ok: false });
  });
});
