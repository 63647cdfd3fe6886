import { describe, expect, it } from '@jest/globals';
import { printableConfig } from '../../../src/config/print.ts';
import { allSettings } from '../../../src/config/settings.ts';
import { configOf, LEAST, mistakesOf, pathsOf, type Given } from './fixture.ts';

const SECRET = 'hunter2';

const secured = (given: { etcd?: object; sasl?: object }): object => ({
  ...LEAST,
  etcd: { ...LEAST.etcd, username: 'u', ...(given.etcd ?? { password: SECRET }) },
  kafka: {
    ...LEAST.kafka,
    sasl: {
      mechanism: 'oauthbearer',
      tokenEndpoint: 'https://idp/token',
      clientId: 'c',
      password: SECRET,
      ...(given.sasl ?? { clientSecret: SECRET }),
    },
  },
});

describe('secrets from files', () => {
  it('are read, less one line end', () => {
    const file = secured({
      etcd: { passwordFile: '/run/etcd' },
      sasl: { clientSecretFile: '/run/client' },
    });
    const config = configOf({ file, files: { '/run/etcd': 'one\r\n', '/run/client': 'two\n\n' } });
    expect(config.etcd.password).toBe('one');
    expect(config.kafka.sasl?.clientSecret).toBe('two\n');
  });

  it('a file that cannot be read, an empty one and a secret given twice are mistakes', () => {
    const file = {
      ...LEAST,
      etcd: { ...LEAST.etcd, username: 'u', password: 'a', passwordFile: '/twice' },
      kafka: {
        ...LEAST.kafka,
        tls: { caFile: '/no-ca' },
        sasl: { mechanism: 'plain', username: 'u', passwordFile: '/empty', clientSecretFile: '/none' },
      },
    };
    expect(mistakesOf({ file, files: { '/twice': 'b', '/empty': '\n' } })).toEqual([
      { path: 'etcd.passwordFile', problem: 'password is given inline too', remedy: 'keep the file' },
      {
        path: 'kafka.tls.caFile',
        problem: '/no-ca cannot be read (ENOENT)',
        remedy: 'check path and rights',
      },
      { path: 'kafka.sasl.passwordFile', problem: '/empty is empty', remedy: 'write the secret into it' },
      {
        path: 'kafka.sasl.clientSecretFile',
        problem: '/none cannot be read (ENOENT)',
        remedy: 'check path and rights',
      },
    ]);
  });

  it('certificates are only tried: whoever connects reads them again, since they are renewed', () => {
    const file = { ...LEAST, kafka: { ...LEAST.kafka, tls: { caFile: '/ca' } } };
    expect(configOf({ file, files: { '/ca': 'PEM' } }).kafka.tls).toEqual({ caFile: '/ca' });
  });
});

describe('secrets are never printed', () => {
  it('config print masks them, inline or from a file, and shows everything else', () => {
    const config = configOf({
      file: secured({ etcd: { passwordFile: '/run/etcd' } }),
      files: { '/run/etcd': SECRET },
    });
    const printed = JSON.stringify(printableConfig(config));
    expect(printed).not.toContain(SECRET);
    expect(printed.match(/\*{8}/g)).toHaveLength(3);
    expect(printed).toContain('"passwordFile":"/run/etcd"');
    expect(JSON.parse(printed.replaceAll('********', SECRET))).toEqual(JSON.parse(JSON.stringify(config)));
  });

  it('every setting that sounds like a secret is one, so that a new one cannot be forgotten', () => {
    const sounding = allSettings().filter(({ path }) =>
      /(?:password|secret|token|key|credential)s?$/i.test(path.at(-1)!),
    );
    expect(sounding.length).toBeGreaterThan(2);
    for (const { path, schema } of sounding) expect([path, schema.writeOnly]).toEqual([path, true]);
  });

  /** Ways to get a secret into a complaint. */
  const ATTEMPTS: readonly (readonly [string, Given])[] = [
    [
      'an address with a password in it',
      { file: { ...LEAST, etcd: { endpoints: [`http://u:${SECRET}@e:2379`] } } },
    ],
    ['one without a port', { file: { ...LEAST, etcd: { endpoints: [`http://u:${SECRET}@e`] } } }],
    ['a broker with a password in it', { file: { ...LEAST, kafka: { bootstrap: [`u:${SECRET}@k:9092`] } } }],
    [
      'a token endpoint with a password in it',
      { file: secured({ sasl: { clientSecret: 'x', tokenEndpoint: `https://u:${SECRET}@idp/` } }) },
    ],
    ['a token endpoint that is none', { file: secured({ sasl: { tokenEndpoint: SECRET } }) }],
    [
      'a secret given twice',
      { file: secured({ etcd: { password: SECRET, passwordFile: '/f' } }), files: { '/f': SECRET } },
    ],
    ['a secret that is a mapping', { file: secured({ etcd: { password: [SECRET] } }) }],
    ['a secret without its user', { file: { ...LEAST, etcd: { ...LEAST.etcd, password: SECRET } } }],
    ['a variable that names nothing', { env: { SNOWSTAMP_ETCD__PASWORD: SECRET } }],
    ['a list that is none', { env: { SNOWSTAMP_ROUTES: `[${SECRET}` } }],
    ['YAML: an alias', { file: `etcd:\n  password: *${SECRET}\n` }],
    ['YAML: a tag', { file: `etcd:\n  password: !${SECRET} x\n` }],
    ['YAML: a block header', { file: `etcd:\n  password: |${SECRET}\n` }],
    ['YAML: an escape', { file: `etcd:\n  password: "\\${SECRET}"\n` }],
    ['YAML: a directive', { file: `%${SECRET}\n---\na: 1\n` }],
    ['YAML: words after a quoted text', { file: `etcd:\n  password: "a" ${SECRET}\n` }],
    ['YAML: a colon inside', { file: `etcd:\n  password: a: ${SECRET}\n` }],
  ];

  it.each(ATTEMPTS)('no mistake repeats a secret: %s', (_, given) => {
    const mistakes = mistakesOf(given);
    expect(mistakes).not.toEqual([]);
    expect(JSON.stringify(mistakes)).not.toContain(SECRET);
  });

  it('control: what is no secret is repeated, since it helps', () => {
    const file = { ...LEAST, etcd: { endpoints: ['http://hunter2'] } };
    expect(JSON.stringify(mistakesOf({ file }))).toContain(SECRET);
    expect(pathsOf({ file })).toEqual(['etcd.endpoints[0]']);
  });
});
