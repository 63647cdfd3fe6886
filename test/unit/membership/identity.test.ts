import { describe, expect, it } from '@jest/globals';
import { Identity } from '../../../src/kafka/membership/identity.ts';
import { Tokens } from '../../../src/kafka/membership/tokens.ts';
import { tp } from './drive.ts';
import { HandClock, settled } from './stage.ts';

const who = (generationId: number, memberId = 'me') => ({
  groupId: 'g',
  generationId,
  memberId,
  groupInstanceId: null,
});

/** A member of generation 7 that owns partitions 0 and 1. */
function stage() {
  const clock = new HandClock();
  const identity = new Identity(clock);
  const tokens = new Tokens();
  identity.declare(1, []);
  identity.adopt(1, who(7));
  const held = tokens.create([tp(0), tp(1)]);
  return { clock, identity, tokens, held };
}

describe('successor of a refused identity (data-path rule 7)', () => {
  it('is the next generation of the same member that declared every token', async () => {
    const { identity, tokens, held } = stage();
    const answer = identity.successor(who(7), held, 1_000);
    identity.declare(2, tokens.alive());
    identity.adopt(2, who(8));
    expect(await answer).toEqual(who(8));
  });

  it('may have a lower number: generations are compared for equality only (pitfall 7)', async () => {
    const { identity, tokens, held } = stage();
    identity.declare(2, tokens.alive());
    identity.adopt(2, who(3));
    expect(await identity.successor(who(7), held, 1_000)).toEqual(who(3));
  });

  it('there is none for a token that was not declared: it was added by the very generation that answered', async () => {
    const { identity, tokens, held } = stage();
    identity.declare(2, tokens.alive());
    const later = tokens.create([tp(2)]);
    identity.adopt(2, who(8));
    expect(await identity.successor(who(7), [...held, ...later], 1_000)).toBeUndefined();
  });

  it('there is none when another JoinGroup than the declared one was answered', async () => {
    const { identity, tokens, held } = stage();
    identity.declare(2, tokens.alive());
    identity.adopt(3, who(8));
    expect(await identity.successor(who(7), held, 1_000)).toBeUndefined();
  });

  it('there is none for another member, even with the same tokens', async () => {
    const { identity, tokens, held } = stage();
    identity.declare(2, tokens.alive());
    identity.adopt(2, who(8, 'other'));
    expect(await identity.successor(who(7), held, 1_000)).toBeUndefined();
  });

  it('there is none once a token died, and whoever waits is told at once', async () => {
    const { identity, tokens, held } = stage();
    const answer = identity.successor(who(7), held, 1_000);
    tokens.destroy([tp(1)]);
    identity.announce();
    expect(await answer).toBeUndefined();
  });

  it('there is none for a partition lost and regained: it has another token', async () => {
    const { identity, tokens, held } = stage();
    tokens.destroy([tp(1)]);
    tokens.create([tp(1)]);
    identity.declare(2, tokens.alive());
    identity.adopt(2, who(8));
    expect(await identity.successor(who(7), held, 1_000)).toBeUndefined();
  });

  it('there is none when the membership is lost while waiting', async () => {
    const { identity, held } = stage();
    const answer = identity.successor(who(7), held, 1_000);
    identity.clear();
    expect(await answer).toBeUndefined();
  });

  it('waits no longer than asked, and leaves nothing behind', async () => {
    const { clock, identity, held } = stage();
    let answer: unknown = 'waiting';
    void identity.successor(who(7), held, 1_000).then((value) => (answer = value));
    await clock.advance(999);
    expect(answer).toBe('waiting');
    await clock.advance(1);
    await settled();
    expect(answer).toBeUndefined();
    expect(clock.sleeping).toBe(0);
  });
});

describe('ownership tokens', () => {
  it('die once and for ever; the partition comes back with another token', () => {
    const tokens = new Tokens();
    const [before] = tokens.create([tp(0)]);
    tokens.destroy([tp(0)]);
    const [after] = tokens.create([tp(0)]);
    expect([before?.alive, after?.alive]).toEqual([false, true]);
    expect(after).not.toBe(before);
  });

  it('are at most one per partition: creating again ends the one before', () => {
    const tokens = new Tokens();
    const [before] = tokens.create([tp(0)]);
    const [after] = tokens.create([tp(0)]);
    expect(before?.alive).toBe(false);
    expect(tokens.alive()).toEqual([after]);
  });

  it('destroyAll names what has just died', () => {
    const tokens = new Tokens();
    const all = tokens.create([tp(0), tp(1)]);
    tokens.destroy([tp(0)]);
    expect(tokens.destroyAll()).toEqual([all[1]]);
    expect(tokens.destroyAll()).toEqual([]);
  });
});
