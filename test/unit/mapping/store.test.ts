import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MappingStore } from '../../../src/mapping/store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snowstamp-mapping-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const entry = (key: string, id: bigint | undefined) => ({ key: Buffer.from(key), id, timestamp: 0 });
const LARGEST = 2n ** 63n - 1n;

/** Opens the store, uses it, and closes it as a process does that ends. */
function within<T>(use: (store: MappingStore) => T, topic = 'orders-ids'): T {
  const store = new MappingStore(join(folder, 'store.sqlite'), topic);
  try {
    return use(store);
  } finally {
    store.close();
  }
}

describe('a store of mappings', () => {
  it('keeps the last word, exact to 63 bits, and goes on where it stood after a restart', () => {
    within((store) => {
      store.restart('id-1');
      store.apply(0, [entry('a', 1n), entry('b', 9_007_199_254_740_993n), entry('a', LARGEST)], 3);
      store.apply(1, [entry('é', 5n), entry('gone', 6n), entry('gone', undefined)], 7);
    });
    within((store) => {
      expect(['a', 'b', 'é', 'gone', 'never'].map((id) => store.find(id))).toEqual([
        ...[LARGEST, 9_007_199_254_740_993n, 5n, undefined, undefined],
      ]);
      expect(store.position).toEqual({
        topicId: 'id-1',
        offsets: new Map([
          [0, 3],
          [1, 7],
        ]),
      });
      expect(store.size).toBe(3);
    });
  });

  it('what cannot be applied as a whole is not applied at all: neither entries nor position', () => {
    within((store) => {
      store.apply(0, [entry('a', 1n)], 1);
      expect(() => {
        store.apply(0, [entry('a', 2n), { ...entry('b', 2n ** 63n) }], 3);
      }).toThrow();
      expect([store.find('a'), store.find('b'), store.position.offsets.get(0)]).toEqual([1n, undefined, 1]);
    });
  });

  it('is emptied for another topic, or one that was made anew; control: for the same it is not', () => {
    within((store) => {
      store.apply(0, [entry('a', 1n)], 1);
    });
    expect(within((store) => store.size)).toBe(1);
    expect(within((store) => [store.size, store.position.offsets.size], 'other')).toEqual([0, 0]);
    within((store) => {
      store.apply(0, [entry('a', 1n)], 1);
      store.restart('id-2');
      expect([store.size, store.position]).toEqual([0, { topicId: 'id-2', offsets: new Map() }]);
    }, 'other');
  });

  it('lives in memory as well', () => {
    const store = new MappingStore(':memory:', 't');
    store.apply(0, [entry('a', 1n)], 1);
    expect(store.find('a')).toBe(1n);
    store.close();
  });
});
