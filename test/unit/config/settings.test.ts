import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { PROFILES, leaseTimesOf } from '../../../src/config/derived.ts';
import { ruleMistakes } from '../../../src/config/rules.ts';
import { configJsonSchema } from '../../../src/config/schema.ts';
import { allSettings } from '../../../src/config/settings.ts';
import { settingsTable } from '../../../src/config/table.ts';
import { TIMING_PROFILES, timingMistakes } from '../../../src/lease/timing.ts';
import { configOf, LEAST, NOW_MS } from './fixture.ts';

const root = join(import.meta.dirname, '../../..');

describe('the JSON Schema of the configuration', () => {
  /** Read back by a second implementation, so that what is printed is what is checked. */
  const readBack = z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

  it('accepts what loads', () => {
    expect(readBack.safeParse(LEAST).success).toBe(true);
    expect(readBack.safeParse(JSON.parse(JSON.stringify(configOf()))).success).toBe(true);
  });

  it.each([
    ['an unknown key', { ...LEAST, htpp: {} }],
    ['a type', { ...LEAST, http: { port: 'x' } }],
    ['a bound', { ...LEAST, http: { port: 65_536 } }],
    ['a choice', { ...LEAST, log: { level: 'loud' } }],
    ['a missing key', { etcd: LEAST.etcd, kafka: LEAST.kafka }],
    ['a pattern', { ...LEAST, routes: [{ name: 'A b', input: 'b', output: 'c' }] }],
  ])('refuses %s', (_, value) => {
    expect(readBack.safeParse(value).success).toBe(false);
  });

  it('every setting has a sentence', () => {
    expect(allSettings().length).toBeGreaterThan(70);
    for (const { path, schema } of allSettings())
      expect([path, schema.description]).toEqual([path, expect.stringMatching(/^\S.*\.$/)]);
  });

  it('numbers with a unit have it in their name', () => {
    const numbers = allSettings().filter(({ schema }) => schema.type === 'integer');
    const bare = numbers
      .map(({ path }) => path.at(-1)!)
      .filter((key) => !/(?:Ms|[a-z]S|Bytes|Bits|Records)$/.test(key));
    expect(bare).toEqual([
      'datacenter',
      'rollbackAlarmCount',
      'fieldNumber',
      'proveEvents',
      'maxSchemas',
      'port',
    ]);
  });
});

describe('what is said about the lease here is what the lease says', () => {
  it('profiles', () => {
    expect(PROFILES).toEqual(TIMING_PROFILES);
  });

  it.each([
    [4, 3_000, 1_000],
    [5, 4_500, 1_500],
    [5, 4_501, 1_500],
    [15, 13_500, 4_500],
    [15, 13_501, 4_500],
    [15, 10_000, 3_334],
    [600, 595_000, 100],
    [600, 595_001, 100],
    [3_600, 3_595_000, 1],
    [3_601, 3_595_000, 1],
  ])(
    'TTL %i s, window %i ms, refresh %i ms: wrong for one where wrong for the other',
    (ttlS, windowMs, refreshMs) => {
      const lease = { ...configOf().lease, ttlS, windowMs, refreshMs };
      expect(ruleMistakes({ lease }, NOW_MS)).toHaveLength(
        timingMistakes({ ttlS, windowMs, refreshMs }).length,
      );
    },
  );

  it('a profile gives way to what the file says, setting by setting', () => {
    const lease = { ...configOf().lease, profile: 'ride-through' as const, refreshMs: 10_000 };
    expect(leaseTimesOf({ lease })).toEqual({ ttlS: 600, windowMs: 570_000, refreshMs: 10_000 });
  });
});

describe('the table of settings', () => {
  /** Cells alone: a formatter may pad them. */
  const cells = (table: string): string[] =>
    table
      .trim()
      .split('\n')
      .map((line) => line.replace(/-{3,}/g, '---').replace(/ +/g, ' ').trim());

  it('is regular: four cells a line, no empty one', () => {
    for (const line of cells(settingsTable()))
      expect(line.replaceAll('\\|', '')).toMatch(/^(?:\| [^|]+ ){4}\|$/);
  });

  it.each(['src/config/README.md', 'README.md'])('%s shows it as it is, if it shows one', (file) => {
    const text = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
    const shown = text.split('<!-- settings -->');
    expect([1, 3]).toContain(shown.length);
    if (shown.length === 3) expect(cells(shown[1]!)).toEqual(cells(settingsTable()));
  });

  it('stands in at least one of them', () => {
    const texts = ['README.md', 'src/config/README.md'].filter((file) => existsSync(join(root, file)));
    expect(texts.some((file) => readFileSync(join(root, file), 'utf8').includes('<!-- settings -->'))).toBe(
      true,
    );
  });
});
