import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LAYOUT, maxTimestampMs } from '../../../src/snowflake/layout.ts';
import { settle, WorkerScene } from './scene.ts';

describe('permits', () => {
  it('the first one: serving, in the group, one spell; further ones change nothing', async () => {
    const scene = new WorkerScene();
    const { incarnation } = scene.start();
    await settle();
    expect(scene.log).toEqual(['serving', 'joined', 'spell']);
    await scene.goOn(incarnation, 30_000);
    expect(scene.log).toEqual(['serving', 'joined', 'spell']);
    expect(scene.worker.snapshot()).toMatchObject({ phase: { at: 'serving' }, joined: true });
  });

  it('one of another incarnation is not taken', () => {
    const scene = new WorkerScene();
    const old = scene.claim();
    scene.claim();
    scene.grant(old);
    expect(scene.phase).toBe('acquiring');
  });

  it('one that is followed by no other is noticed when it ends, without any input (P5)', async () => {
    const scene = new WorkerScene();
    void scene.worker.run(scene.stop.signal);
    const incarnation = scene.claim();
    scene.grant(incarnation, 10_000);
    await scene.clock.advance(9_999);
    expect(scene.phase).toBe('serving');
    await scene.clock.advance(2);
    expect(scene.phase).toBe('suspended(lease)');
    await scene.clock.advance(10_000);
    expect(scene.joined).toBe(false);
    scene.grant(incarnation, 10_000);
    await settle();
    expect(scene.phase).toBe('serving');
    expect(scene.joined).toBe(true);
  });
});

describe('the lease is lost (P5)', () => {
  it('minting stops, intake and work are aborted and the phase changes in the very call', () => {
    const scene = new WorkerScene();
    const { incarnation } = scene.start();
    const { minter, intake, work } = scene.spell.spell;
    expect(minter.reserve(1).ok).toBe(true);
    scene.listener.lost(incarnation, 'scripted');
    expect(minter.reserve(1)).toEqual({ ok: false, refused: 'stopped' });
    expect([intake.aborted, work.aborted, scene.phase]).toEqual([true, true, 'suspended(lease)']);
  });

  it('a fresh claim is served once the old spell is over, under its own generator', async () => {
    const scene = new WorkerScene();
    scene.hangs = true;
    const { incarnation } = scene.start();
    scene.listener.lost(incarnation, 'scripted');
    const second = scene.claim();
    scene.grant(second, 100_000);
    await settle();
    expect(scene.spells).toHaveLength(1);
    scene.spells[0]!.end('permit-gone'); // what an Init says whose permit went away
    await settle();
    expect(scene.phase).toBe('serving');
    expect(scene.spells).toHaveLength(2);
    expect(scene.spell.spell.minter.node).toBe(second.node);
    expect(scene.spells[0]!.spell.minter.reserve(1)).toMatchObject({ refused: 'stopped' });
  });

  it('after leaveGroupAfterMs the group is left to the healthy; a permit joins it again', async () => {
    const scene = new WorkerScene();
    const { incarnation } = scene.start();
    await settle();
    scene.listener.lost(incarnation, 'scripted');
    await scene.clock.advance(9_999);
    expect(scene.joined).toBe(true);
    await scene.clock.advance(1);
    expect(scene.joined).toBe(false);
    scene.grant(scene.claim(), 100_000);
    await settle();
    expect([scene.joined, scene.joins, scene.phase]).toEqual([true, 2, 'serving']);
    await scene.clock.advance(60_000);
    expect(scene.phase).toBe('serving');
  });

  it('after reacquireTimeoutMs the worker halts with LEASE_LOST; a permit in time prevents it', async () => {
    const scene = new WorkerScene();
    const { over, incarnation } = scene.start();
    scene.listener.lost(incarnation, 'scripted');
    await scene.clock.advance(60_000);
    await expect(over).resolves.toBe('LEASE_LOST');
    expect(scene.phase).toBe('halted(LEASE_LOST)');
  });

  it('a spell that ends by itself for want of a permit is begun again by the next one', async () => {
    const scene = new WorkerScene();
    const { incarnation } = scene.start();
    scene.spell.end('permit-gone');
    await settle();
    expect(scene.phase).toBe('suspended(lease)');
    expect(scene.spells[0]!.spell.intake.aborted).toBe(true);
    scene.grant(incarnation, 200_000);
    await settle();
    expect([scene.phase, scene.spells.length]).toEqual(['serving', 2]);
  });

  it('a claim that Kafka and etcd say is not ours stops the generator for good', async () => {
    const scene = new WorkerScene();
    const { incarnation } = scene.start();
    scene.spell.end('claim-lost');
    await settle();
    scene.grant(incarnation, 200_000);
    expect(scene.phase).toBe('suspended(lease)');
    expect(scene.spell.spell.minter.reserve(1)).toMatchObject({ refused: 'stopped' });
  });
});

describe('the clock', () => {
  it('set back too far: suspended(clock); no grant vouches for it; serving when it is back', async () => {
    const scene = new WorkerScene();
    const { incarnation } = scene.start();
    const { minter } = scene.spell.spell;
    minter.reserve(1);
    scene.clock.stepWall(-5_000);
    expect(minter.reserve(1)).toMatchObject({ refused: 'clock-back' });
    expect(scene.phase).toBe('suspended(clock)');
    scene.grant(incarnation, 200_000);
    expect(scene.phase).toBe('suspended(clock)');
    scene.clock.stepWall(5_000);
    expect(minter.reserve(1).ok).toBe(true);
    expect(scene.phase).toBe('serving');
    expect(scene.log.filter((entry) => entry.startsWith('s') && entry !== 'spell')).toEqual([
      'serving',
      'suspended(clock)',
      'serving',
    ]);
    await settle();
  });

  it('that stays wrong: the group is left, and the worker gives up with CLOCK_BACK', async () => {
    const scene = new WorkerScene();
    const { over } = scene.start();
    const { minter } = scene.spell.spell;
    minter.reserve(1);
    scene.clock.stepWall(-3_600_000);
    minter.reserve(1);
    await scene.clock.advance(10_000);
    expect(scene.joined).toBe(false);
    await scene.clock.advance(50_000);
    await expect(over).resolves.toBe('CLOCK_BACK');
  });

  it('back in time without any input: the next grant finds it well and joins the group again', async () => {
    const scene = new WorkerScene();
    const { incarnation } = scene.start();
    const { minter } = scene.spell.spell;
    minter.reserve(1);
    scene.clock.stepWall(-3_600_000);
    minter.reserve(1);
    await scene.clock.advance(20_000);
    scene.clock.stepWall(3_600_000);
    scene.grant(incarnation, 200_000);
    await settle();
    expect([scene.phase, scene.joined]).toEqual(['serving', true]);
  });

  it('no timestamp left: halted with TIMESTAMP_FULL', async () => {
    const scene = new WorkerScene();
    const { over } = scene.start();
    scene.clock.skip(maxTimestampMs(DEFAULT_LAYOUT) + 1 - scene.clock.now().wallMs);
    const incarnation = scene.claim();
    scene.grant(incarnation, 100_000);
    await expect(over).resolves.toBe('TIMESTAMP_FULL');
  });
});
