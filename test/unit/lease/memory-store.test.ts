import { describe } from '@jest/globals';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';
import { storeContract } from './store-contract.ts';

describe('memory store keeps the contract of LeaseStore', () => {
  storeContract(() => Promise.resolve({ store: new MemoryStore(new ManualClock()), prefix: '/t' }));
});
