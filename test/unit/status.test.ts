import { describe, expect, it } from '@jest/globals';
import { StatusNote } from '../../src/status.ts';
import type { WorkerSnapshot } from '../../src/worker.ts';
import { ManualClock } from './lease/manual-clock.ts';
import { held } from './ops/snapshot.ts';

const snapshot: WorkerSnapshot = {
  ...{ phase: { at: 'serving' }, lease: held, sequenceUse: 0, joined: true },
  generator: undefined,
};
const generator = { lastTimestampMs: 7 } as WorkerSnapshot['generator'];

describe('what a worker tells the fleet of itself', () => {
  it('since when it holds its node, counted afresh from each claim, and what it reserved last', async () => {
    const clock = new ManualClock();
    const note = new StatusNote(clock, 'pid 7');
    expect(note.of(snapshot)).toEqual({ instance: 'pid 7', phase: 'serving' });
    note.lease({ fact: 'state', from: 'acquiring', to: 'claimed', node: 3 });
    const sinceMs = clock.now().wallMs;
    await clock.advance(1_000);
    note.lease({ fact: 'state', from: 'claimed', to: 'held', node: 3 });
    expect(note.of({ ...snapshot, generator })).toMatchObject({ sinceMs, lastMs: 7 });
    note.lease({ fact: 'state', from: 'held', to: 'lost', node: 3 });
    note.lease({ fact: 'state', from: 'lost', to: 'acquiring', node: undefined });
    note.lease({ fact: 'state', from: 'acquiring', to: 'granting', node: 4 });
    expect(note.of(snapshot)).toMatchObject({ sinceMs: sinceMs + 1_000 });
  });

  it('fits a status with room to spare', () => {
    const note = new StatusNote(new ManualClock(), 'i'.repeat(64));
    note.lease({ fact: 'state', from: 'acquiring', to: 'claimed', node: 3 });
    expect(JSON.stringify(note.of({ ...snapshot, generator })).length).toBeLessThan(200);
  });
});
