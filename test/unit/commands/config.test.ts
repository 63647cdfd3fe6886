import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import type { Clock } from '../../../src/clock.ts';
import { configCommand, loadOrExplain } from '../../../src/commands/config.ts';
import { configOf, LEAST, NOW_MS } from '../config/fixture.ts';

const clock: Clock = {
  now: () => ({ wallMs: NOW_MS, monotonicMs: 0 }),
  sleep: () => Promise.resolve(),
};

function load(files: Readonly<Record<string, string>>, file?: string, env = {}) {
  const said: string[] = [];
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT ${path}`);
    return text;
  };
  const config = loadOrExplain(file, env, readFile, clock, (line) => said.push(line));
  return { config, said: said.join('\n') };
}

describe('loadOrExplain', () => {
  it('a configuration without a mistake is given, and nothing said', () => {
    const { config, said } = load({ 's.yaml': stringify(LEAST) }, 's.yaml');
    expect(config?.routes[0]?.name).toBe('orders');
    expect(said).toBe('');
  });

  it('every mistake is a line under the code, with path and remedy', () => {
    const file = { ...LEAST, http: { prot: 1 }, admission: { openAt: 0.9 } };
    const { config, said } = load({ 's.yaml': stringify(file) }, 's.yaml', { SNOWSTAMP_X: '1' });
    expect(config).toBeUndefined();
    expect(said.split('\n')).toEqual([
      'CONFIG_INVALID: 3 mistakes',
      '  SNOWSTAMP_X: names no setting (x); unset it, or see snowstamp config schema',
      '  http.prot: is no setting; did you mean port?',
      '  admission.openAt: 0.9 is not below shutAt 0.8; leave a gap, or the valve flutters',
    ]);
  });

  it('a file that is not there is named', () => {
    const { config, said } = load({}, 'none.yaml');
    expect(config).toBeUndefined();
    expect(said).toMatch(/^CONFIG_INVALID: none\.yaml cannot be read/);
  });

  it('no file at all: the environment may hold everything, else what is missing is told', () => {
    const env = {
      SNOWSTAMP_ETCD__ENDPOINTS: 'http://e:1',
      SNOWSTAMP_KAFKA__BOOTSTRAP: 'k:1',
      SNOWSTAMP_ROUTES: JSON.stringify(LEAST.routes),
    };
    expect(load({}, undefined, env).config?.kafka.bootstrap).toEqual(['k:1']);
    expect(load({}).said).toMatch(/CONFIG_INVALID: 3 mistakes\n {2}etcd: is missing/);
  });
});

describe('config print and schema', () => {
  const printed = (what: 'print' | 'schema'): unknown => {
    const lines: string[] = [];
    const file = { ...LEAST, etcd: { ...LEAST.etcd, username: 'u', password: 'hunter2' } };
    expect(configCommand(what, configOf({ file }), (line) => lines.push(line))).toBe(0);
    expect(lines.join('\n')).not.toContain('hunter2');
    return JSON.parse(lines.join('\n'));
  };

  it('print: what is in effect, secrets masked', () => {
    expect(printed('print')).toMatchObject({
      etcd: { username: 'u', password: '********' },
      kafka: { groupId: 'snowstamp' },
    });
  });

  it('schema: a JSON Schema', () => {
    expect(printed('schema')).toMatchObject({ type: 'object', required: ['etcd', 'kafka', 'routes'] });
  });
});
