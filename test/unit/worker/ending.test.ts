import { describe, expect, it } from '@jest/globals';
import { SnowstampError } from '../../../src/errors.ts';
import { settle, WorkerScene } from './scene.ts';

describe('stop', () => {
  it('drains in order: intake, spell, group, release with the last timestamp reserved', async () => {
    const scene = new WorkerScene();
    const { over, incarnation } = scene.start();
    await settle();
    scene.spell.spell.minter.reserve(10);
    const { wallMs } = scene.clock.now();
    scene.stop.abort();
    await expect(over).resolves.toBe('stopped');
    expect(scene.log.slice(3)).toEqual([
      'draining',
      'intake shut',
      'spell over',
      'work dropped',
      'left',
      'released',
      'stopped',
    ]);
    expect(scene.released).toEqual([[incarnation.node, wallMs]]);
  });

  it('an open transaction may finish: work is not dropped while the spell drains', async () => {
    const scene = new WorkerScene();
    scene.hangs = true;
    const { over } = scene.start();
    scene.stop.abort();
    await settle();
    expect([scene.spell.spell.intake.aborted, scene.spell.spell.work.aborted]).toEqual([true, false]);
    expect(scene.released).toEqual([]);
    scene.spell.end('drained');
    await expect(over).resolves.toBe('stopped');
  });

  it('what does not drain in time halts with DRAIN_TIMEOUT', async () => {
    const scene = new WorkerScene();
    scene.hangs = true;
    const { over } = scene.start();
    scene.stop.abort();
    await scene.clock.advance(15_000);
    expect(scene.spell.spell.work.aborted).toBe(true);
    expect(scene.spell.spell.minter.reserve(1)).toMatchObject({ refused: 'stopped' }); // though the spell hangs
    await scene.clock.advance(3_000); // not a second deadline: whoever stops us kills soon
    await expect(over).resolves.toBe('DRAIN_TIMEOUT');
  });

  it('before anything was claimed there is nothing to release', async () => {
    const scene = new WorkerScene();
    const over = scene.worker.run(scene.stop.signal);
    scene.stop.abort();
    await over;
    expect(scene.log).toEqual(['draining', 'stopped']);
  });

  it('a permit that comes while draining serves nothing', async () => {
    const scene = new WorkerScene();
    scene.hangs = true;
    const { incarnation, over } = scene.start();
    scene.stop.abort();
    await settle();
    scene.grant(incarnation, 200_000);
    expect(scene.phase).toBe('draining');
    scene.spell.end('drained');
    await over;
    expect(scene.spells).toHaveLength(1);
  });
});

describe('halt', () => {
  it('a spell that breaks: nothing is minted any more, the node is released, the code is told', async () => {
    const scene = new WorkerScene();
    const { over } = scene.start();
    await settle();
    const { minter } = scene.spell.spell;
    scene.spell.fail(new SnowstampError('DUPLICATE_OWNER', 'scripted'));
    await expect(over).resolves.toBe('DUPLICATE_OWNER');
    expect(minter.reserve(1)).toMatchObject({ refused: 'stopped' });
    expect(scene.log.slice(-3)).toEqual(['halted(DUPLICATE_OWNER)', 'left', 'released']);
  });

  it('a group that refuses us for good is not joined again and again', async () => {
    const scene = new WorkerScene();
    scene.group = new SnowstampError('GROUP_FATAL', 'scripted');
    const { over } = scene.start();
    await expect(over).resolves.toBe('GROUP_FATAL');
    expect(scene.joins).toBe(1);
  });

  it('no timer is left behind, however it ends', async () => {
    for (const end of ['stop', 'halt'] as const) {
      const scene = new WorkerScene();
      const { over, incarnation } = scene.start();
      scene.listener.lost(incarnation, 'scripted');
      if (end === 'stop') scene.stop.abort();
      else await scene.clock.advance(60_000);
      await over;
      const before = scene.log.length;
      await scene.clock.advance(600_000);
      expect(scene.log).toHaveLength(before);
    }
  });
});
