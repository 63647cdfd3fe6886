import { describe, expect, it } from '@jest/globals';
import type { Fate } from './producer.ts';
import { numbers, Scene } from './scene.ts';

/** A transaction that stays open until the test lets it go on. */
function held(): { readonly fate: Fate; readonly begun: Promise<void>; goOn(): void } {
  const begun = Promise.withResolvers<undefined>();
  const released = Promise.withResolvers<undefined>();
  const fate = async (): Promise<Fate> => {
    begun.resolve(undefined);
    await released.promise;
    return 'commit';
  };
  return {
    fate,
    begun: begun.promise,
    goOn: () => {
      released.resolve(undefined);
    },
  };
}

const openings = (scene: Scene, partition: number): number =>
  scene.of('opened').filter((fact) => fact.partition === partition).length;

describe('a partition kept through a rebalance (rule 6)', () => {
  it('keeps its position while a transaction holds it: it is not read anew, nothing is stamped twice', async () => {
    const open = held();
    const scene = new Scene({ partitions: 3, fates: [open.fate] });
    scene.world.log('in', 0).put(numbers(0, 10));
    const [, second] = scene.membership.give('in', 0, 1);
    const over = scene.serve();
    await open.begun;
    await scene.membership.revoke(second!);
    scene.membership.give('in', 2);
    scene.world.log('in', 0).put(numbers(10, 20));
    await scene.world.pass(500);
    open.goOn();
    await scene.world.until(() => scene.committedOffset(0) === 20, 'both');
    scene.intake.abort();
    await over;
    expect(openings(scene, 0)).toBe(1);
    expect(scene.values('out', 0)).toEqual(numbers(0, 20));
  });
});

describe('a partition lost and regained around an open transaction (rule 7)', () => {
  /** Two workers in one world; the first one's transaction is open while the second does the same records. */
  async function story(tokenSurvives: boolean): Promise<string[]> {
    const open = held();
    const first = new Scene({ fates: [open.fate] });
    first.world.log('in').put(numbers(0, 5));
    const [token] = first.membership.give('in', 0);
    const over = first.serve();
    await open.begun;
    // The control's membership hands the same token out again: ownership looks unbroken.
    if (!tokenSurvives) first.membership.lose(token!);

    const second = new Scene({ node: 38 }, first.world);
    const [theirs] = second.membership.give('in', 0);
    await second.serveUntil(() => second.committedOffset() === 5, 'done by the second');
    second.membership.lose(theirs!);

    if (!tokenSurvives) first.membership.give('in', 0);
    open.goOn();
    await first.world.pass(1_000);
    first.intake.abort();
    await over;
    return first.values();
  }

  it('the old token is dead: the transaction aborts, and the records are there once', async () => {
    expect(await story(false)).toEqual(numbers(0, 5));
  });

  it('control: with one token for both spells of ownership they are there twice', async () => {
    expect(await story(true)).toEqual([...numbers(0, 5), ...numbers(0, 5)]);
  });
});

describe('a partition that must go (rule 7)', () => {
  it('goes only when the transaction that holds it has ended, and is composed no more meanwhile', async () => {
    const open = held();
    const scene = new Scene({ fates: [open.fate] });
    scene.world.log('in').put(numbers(0, 5));
    const [token] = scene.membership.give('in', 0);
    const over = scene.serve();
    await open.begun;
    let gone = false;
    const going = scene.membership.revoke(token!).then(() => {
      gone = true;
    });
    scene.world.log('in').put(numbers(5, 10));
    await scene.world.pass(500);
    expect(gone).toBe(false);
    open.goOn();
    await going;
    await scene.world.pass(500);
    scene.intake.abort();
    await over;
    expect(scene.values()).toEqual(numbers(0, 5));
    expect(scene.committedOffset()).toBe(5);
  });

  it('goes at once when no transaction holds it', async () => {
    const open = held();
    const scene = new Scene({ partitions: 2, fates: [open.fate] });
    scene.world.log('in', 0).put(numbers(0, 5));
    const [, idle] = scene.membership.give('in', 0, 1);
    const over = scene.serve();
    await open.begun;
    await scene.membership.revoke(idle!);
    expect(scene.pipeline.lag().map(({ partition }) => partition)).toEqual([0]);
    open.goOn();
    scene.intake.abort();
    await over;
  });

  it('a lost one is dropped at once; its transaction aborts and the group hears why', async () => {
    const scene = new Scene({ fates: ['group'] });
    scene.world.log('in').put(numbers(0, 5));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 5, 'committed');
    expect(scene.membership.suspected).toEqual([22]);
    expect(scene.values()).toEqual(numbers(0, 5));
  });
});

describe('without a group', () => {
  it('nothing is sent while we are no member', async () => {
    const scene = new Scene();
    scene.membership.current = undefined;
    scene.world.log('in').put(numbers(0, 5));
    scene.membership.give('in', 0);
    const over = scene.serve();
    await scene.world.pass(2_000);
    expect(scene.calls).not.toContain('run');
    scene.intake.abort();
    await over;
  });
});

describe('the leader epoch of a position (rule 8, KIP-320)', () => {
  it('is that of the last batch passed, markers included: a marker of a newer epoch does not look like truncation', async () => {
    const scene = new Scene();
    const log = scene.world.log('in');
    log.put(numbers(0, 2), { transactional: true, producerId: 7n, producerEpoch: 0 });
    log.epoch = 1;
    scene.world.show();
    log.put(['after']);
    log.epoch = 2;
    log.putBytes(log.stored[0]!.bytes, 9n);
    log.epoch = 3;
    log.finish(9n, false);
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === log.end, 'committed');
    expect(scene.world.committed.get('in-0')).toMatchObject({ offset: log.end, leaderEpoch: 3 });
    // Control: the epoch of the last record ends below the position, as if the log had been cut.
    expect(log.epochEnd(1)).toBeLessThan(log.end);
    const next = new Scene({ node: 38 }, scene.world);
    log.put(['later']);
    next.membership.give('in', 0);
    await next.serveUntil(() => next.committedOffset() === log.end, 'goes on');
    expect(next.of('stopped')).toEqual([]);
  });
});
