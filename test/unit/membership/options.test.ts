import { describe, expect, it } from '@jest/globals';
import { perform } from './stage.ts';

describe('options of the membership', () => {
  it('refuse a drain bound that the rebalance timeout would cut off (pitfall 9)', () => {
    expect(() => perform({ drainBoundMs: 10_000 })).toThrow(
      'drainBoundMs 10000 must be below rebalanceTimeoutMs 10000',
    );
  });

  it('refuse heartbeats too rare for the session', () => {
    expect(() => perform({ heartbeatMs: 1_001 })).toThrow('at most a third');
  });
});
