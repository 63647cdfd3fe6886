import { describe, expect, it } from '@jest/globals';
import { numbers, Scene } from './scene.ts';

describe('the sentence', () => {
  it('stamps every record once, in order, with IDs that rise (P2, P3)', async () => {
    const scene = new Scene();
    scene.world.log('in').put(numbers(0, 10));
    scene.world.log('in').put(numbers(10, 30));
    scene.membership.give('in', 0);
    await expect(scene.serveUntil(() => scene.committedOffset() === 30, 'all committed')).resolves.toBe(
      'drained',
    );
    expect(scene.values()).toEqual(numbers(0, 30));
    const ids = scene.ids();
    expect(ids.every((id, i) => i === 0 || id > ids[i - 1]!)).toBe(true);
    expect(scene.world.committed.get('in-0')?.metadata).toBe(`v1:${ids.at(-1)}:29`);
  });
});
