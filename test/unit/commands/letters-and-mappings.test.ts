import { describe, expect, it } from '@jest/globals';
import { mappingOf } from '../../../src/commands/mapping.ts';
import { planOf } from '../../../src/commands/redrive.ts';
import type { Config } from '../../../src/config/schema.ts';
import { configOf, LEAST } from '../config/fixture.ts';

const withRoutes = (...routes: readonly object[]): Config => configOf({ file: { ...LEAST, routes } });
const dead = (name: string, deadLetter?: string) => ({
  ...{ name, input: `${name}-in`, output: `${name}-out` },
  ...(deadLetter === undefined ? {} : { deadLetter }),
});

describe('what redrive is asked for', () => {
  it('the only dead-letter topic, and every route that writes to it', () => {
    const plan = planOf(withRoutes(dead('a', 'd'), dead('b', 'd'), dead('c')), {
      code: ['X'],
      from: 5,
      max: 7,
    });
    expect(plan).toMatchObject({ topic: 'd', most: 7, rate: undefined, discard: false });
    expect(plan.selection).toMatchObject({ topics: new Set(['a-in', 'b-in']), codes: ['X'], fromMs: 5 });
  });

  it('a route narrows it; a topic decides between several', () => {
    const config = withRoutes(dead('a', 'd'), dead('b', 'd'), dead('c', 'e'));
    expect(planOf(config, { route: 'b' }).selection.topics).toEqual(new Set(['b-in']));
    expect(planOf(config, { topic: 'e' })).toMatchObject({
      topic: 'e',
      selection: { topics: new Set(['c-in']) },
    });
  });

  it.each<[string, object, RegExp]>([
    ['no such route', { route: 'x' }, /no route is named x: there are a, b, c/],
    ['several topics', {}, /say with --topic which of d, e is meant/],
    ['a topic that is none of them', { topic: 'a-in' }, /say with --topic/],
    ['a route without one', { route: 'c' }, /no such route has a dead-letter topic/],
  ])('%s is a usage error', (_, request, says) => {
    const config = withRoutes(dead('a', 'd'), dead('b', 'e'), dead('c'));
    expect(() => planOf(config, request)).toThrow(says);
  });
});

describe('whose mapping is meant', () => {
  const mapped = (name: string): Config['routes'][number] => ({
    ...configOf().routes[0]!,
    name,
    mapping: { topic: `${name}-ids`, missing: 'skip', legacy: { from: 'key' } },
  });
  const configured = (...routes: Config['routes']): Config => ({ ...configOf(), routes });

  it('the only one, or that of the route named', () => {
    expect(mappingOf(configured(mapped('a'), configOf().routes[0]!), undefined)).toMatchObject({
      topic: 'a-ids',
    });
    expect(mappingOf(configured(mapped('a'), mapped('b')), 'b')).toMatchObject({ topic: 'b-ids' });
  });

  it('else a usage error says which there are', () => {
    expect(() => mappingOf(configured(mapped('a'), mapped('b')), undefined)).toThrow(/--route .*: a, b/);
    expect(() => mappingOf(configOf(), undefined)).toThrow(/no route has a mapping/);
    expect(() => mappingOf(configured(mapped('a')), 'b')).toThrow(/no route named b has a mapping/);
  });
});
