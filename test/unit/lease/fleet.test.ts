import { describe, expect, it } from '@jest/globals';
import { fleetReads, poolUse, readFleet } from '../../../src/lease/fleet.ts';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { encodeWindow } from '../../../src/lease/values.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

const keys = keysUnder('/t');
const rules = { ttlS: 15, windowMs: 10_000, refreshMs: 3_000, first: 32, count: 5, recycleDelayMs: 0 };

async function fleetOf(entries: Readonly<Record<string, string>>) {
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  for (const [key, value] of Object.entries(entries)) store.put(`/t/${key}`, value);
  const answer = await store.look(fleetReads(keys));
  if (answer.at !== 'answered') throw new Error(answer.at);
  return readFleet(answer.value.found, rules, clock.now().wallMs);
}

const NOW = new ManualClock().now().wallMs;
const free = encodeWindow({ untilMs: NOW, held: false });
const held = encodeWindow({ untilMs: NOW + 10_000, held: true, by: 'host-a' });

describe('the pool as operators see it', () => {
  it('every node of the slice, with what its holder says; none of another slice', async () => {
    const status = JSON.stringify({
      name: 'host-a',
      instance: 'pid 7',
      sinceMs: NOW - 9,
      lastMs: NOW - 1,
      clockOffsetMs: -1.5,
      more: [],
    });
    const { nodes, domain } = await fleetOf({
      domain: 'd',
      'window/31': free,
      'window/32': free,
      'window/33': held,
      'claim/33': 'ff',
      'status/33': status,
      'window/34': held,
      'window/35': 'what is this',
      'claim/36': 'aa',
    });
    expect(domain).toBe('d');
    expect(nodes.map(({ node, at }) => [node, at])).toEqual([
      [32, 'free'],
      [33, 'held'],
      [34, 'resting'],
      [35, 'missing'],
      [36, 'missing'],
    ]);
    expect(nodes[1]!.status).toEqual({
      ...{ name: 'host-a', instance: 'pid 7' },
      ...{ sinceMs: NOW - 9, lastMs: NOW - 1, clockOffsetMs: -1.5 },
    });
    expect(nodes[2]).toMatchObject({ readyInMs: 45_000, status: {} });
    expect(poolUse(nodes)).toEqual({ free: 1, held: 1, resting: 1, missing: 2 });
  });

  it.each([
    ['no JSON', 'oops', {}],
    ['no object', '7', {}],
    ['null', 'null', {}],
    ['fields of another kind', '{"name":7,"sinceMs":"soon","lastMs":1e300}', {}],
    ['what moves a cursor', '{"name":"a\\u001b[2Jb"}', { name: 'a?[2Jb' }],
  ])('a status is somebody else’s text: %s', async (_, text, status) => {
    const { nodes } = await fleetOf({ 'window/33': held, 'claim/33': 'ff', 'status/33': text });
    expect(nodes[1]).toMatchObject({ at: 'held', status });
    expect(nodes[1]!.status).toEqual(status);
  });

  it('a status left behind by a holder that is gone says nothing about a resting node', async () => {
    const { nodes } = await fleetOf({ 'window/33': held, 'status/33': '{"name":"host-a"}' });
    expect(nodes[1]).toMatchObject({ at: 'resting', status: {} });
  });
});
