import { describe, expect, it } from '@jest/globals';
import { configOf, LEAST, mistakesOf } from './fixture.ts';

describe('environment over file', () => {
  it('two underscores go a level down, one is the hump of a camel', () => {
    const config = configOf({
      env: {
        SNOWSTAMP_KAFKA__GROUP_ID: 'fleet',
        SNOWSTAMP_LEASE__TTL_S: '20',
        SNOWSTAMP_DOMAIN__LAYOUT__SEQUENCE_BITS: '12',
        SNOWSTAMP_KAFKA__SASL__MECHANISM: 'plain',
        SNOWSTAMP_KAFKA__SASL__USERNAME: 'u',
        SNOWSTAMP_KAFKA__SASL__PASSWORD: 'p',
      },
    });
    expect(config.kafka.groupId).toBe('fleet');
    expect(config.lease.ttlS).toBe(20);
    expect(config.kafka.sasl).toEqual({ mechanism: 'plain', username: 'u', password: 'p' });
  });

  it('wins over the file and leaves its neighbours alone', () => {
    const file = { ...LEAST, kafka: { ...LEAST.kafka, groupId: 'of-the-file', clientId: 'kept' } };
    const { kafka } = configOf({ file, env: { SNOWSTAMP_KAFKA__GROUP_ID: 'of-the-environment' } });
    expect(kafka).toMatchObject({ groupId: 'of-the-environment', clientId: 'kept', ...LEAST.kafka });
  });

  it('lists are words between commas, or JSON; a single word is a list of one', () => {
    const bootstrapOf = (text: string): readonly string[] =>
      configOf({ env: { SNOWSTAMP_KAFKA__BOOTSTRAP: text } }).kafka.bootstrap;
    expect(bootstrapOf('a:1, b:2')).toEqual(['a:1', 'b:2']);
    expect(bootstrapOf('["a:1","b:2"]')).toEqual(['a:1', 'b:2']);
    expect(bootstrapOf('a:1')).toEqual(['a:1']);
  });

  it('routes are JSON, and the whole configuration can come from the environment', () => {
    const config = configOf({
      file: '',
      env: {
        SNOWSTAMP_ETCD__ENDPOINTS: 'http://e:2379',
        SNOWSTAMP_KAFKA__BOOTSTRAP: 'k:9092',
        SNOWSTAMP_ROUTES: '[{"name":"a","input":"b","output":"c"}]',
      },
    });
    expect(config.routes).toMatchObject([{ name: 'a', input: 'b', output: 'c' }]);
  });

  it.each(['123456', 'true', 'null', '"quoted"', '[x]', '1e3'])(
    'a text is taken as it stands: %s stays a password',
    (password) => {
      const env = { SNOWSTAMP_ETCD__USERNAME: 'u', SNOWSTAMP_ETCD__PASSWORD: password };
      expect(configOf({ env }).etcd.password).toBe(password);
    },
  );

  it('JSON that is cut off is told, and not taken for a list of words', () => {
    expect(mistakesOf({ env: { SNOWSTAMP_ROUTES: '[{"name":"a",' } })).toEqual([
      { path: 'SNOWSTAMP_ROUTES', problem: 'is not JSON', remedy: 'write a JSON array' },
    ]);
  });

  it.each([
    ['SNOWSTAMP_KAFKA__GROUPID', 'did you mean SNOWSTAMP_KAFKA__GROUP_ID?'],
    ['SNOWSTAMP_KAFKA_GROUP_ID', 'did you mean SNOWSTAMP_KAFKA__GROUP_ID?'],
    ['SNOWSTAMP_ROUTS', 'did you mean SNOWSTAMP_ROUTES?'],
    ['SNOWSTAMP_ROUTES__0__INPUT', 'unset it, or see snowstamp config schema'],
    ['SNOWSTAMP_CONSTRUCTOR', 'unset it, or see snowstamp config schema'],
    ['SNOWSTAMP___PROTO__', 'unset it, or see snowstamp config schema'],
  ])('%s sets nothing and is told', (name, remedy) => {
    expect(mistakesOf({ env: { [name]: 'x' } })).toMatchObject([{ path: name, remedy }]);
  });

  it('variables of others, and those that are no settings, are left alone', () => {
    const env = {
      SNOWSTAMP_CONFIG: 'f',
      SNOWSTAMP_CACHE: 'c',
      SNOWSTAMP_TEST_KAFKA: 'k:1',
      KAFKA__GROUP_ID: 'x',
    };
    expect(configOf({ env })).toEqual(configOf());
  });
});
