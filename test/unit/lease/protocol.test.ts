import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  claimTransaction,
  grantTransaction,
  judgeClaim,
  judgeClaimSight,
  judgeGrant,
  judgeHoldSight,
  judgeRelease,
  keysUnder,
  previousBeacon,
  releaseTransaction,
  sight,
  statusTransaction,
} from '../../../src/lease/protocol.ts';
import type { Compare, Transaction, TransactionResult } from '../../../src/lease/store.ts';
import { decodeWindow, encodeWindow } from '../../../src/lease/values.ts';
import type { Incarnation } from '../../../src/snowflake/permit.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

const keys = keysUnder('/s/');
const domain = 'the domain';
const speaker = { name: 'host-a', wallMs: 5_000 };
const FLOOR = 1_000;

describe('the transactions P1 rests on', () => {
  let store: MemoryStore;
  let leaseId: string;

  beforeEach(async () => {
    store = new MemoryStore(new ManualClock());
    store.put(keys.domain, domain);
    store.put(keys.window(3), encodeWindow({ untilMs: FLOOR, held: false }));
    leaseId = await lease();
  });

  async function lease(): Promise<string> {
    const answer = await store.openLease(15);
    if (answer.at !== 'answered') throw new Error(answer.at);
    return answer.value.leaseId;
  }

  async function run(transaction: Transaction): Promise<TransactionResult> {
    const answer = await store.transact(transaction);
    if (answer.at !== 'answered') throw new Error(answer.at);
    return answer.value;
  }

  const request = (nonce: string) => ({ node: 3, nonce, leaseId, domain });

  async function claim(nonce: string): Promise<Incarnation> {
    const verdict = judgeClaim(await run(claimTransaction(keys, request(nonce), speaker)), request(nonce));
    if (verdict.at !== 'claimed') throw new Error(verdict.at);
    return { node: 3, nonce, createRevision: verdict.createRevision, floorMs: verdict.floorMs };
  }

  const grant = async (incarnation: Incarnation, untilMs: number) =>
    judgeGrant(
      await run(grantTransaction(keys, incarnation, untilMs, domain, speaker)),
      incarnation,
      untilMs,
      domain,
    );

  const release = (incarnation: Incarnation, lastTimestampMs: number, attemptedUntilMs: number) =>
    releaseTransaction(keys, incarnation, { lastTimestampMs, attemptedUntilMs }, domain, speaker);

  const window = () => decodeWindow(store.peek(keys.window(3))!)!;

  const without = (transaction: Transaction, kind: Compare['is']): Transaction => ({
    ...transaction,
    when: transaction.when.filter((compare) => compare.is !== kind),
  });

  it('CLAIM reads the floor and does not raise the window: a crash loop burns nothing', async () => {
    expect((await claim('a1')).floorMs).toBe(FLOOR);
    expect(window()).toMatchObject({ untilMs: FLOOR, held: false });
  });

  it('CLAIM is refused while somebody holds the node, for want of a window, and by another domain', async () => {
    await claim('a1');
    const again = await run(claimTransaction(keys, request('b2'), speaker));
    expect(judgeClaim(again, request('b2'))).toEqual({ at: 'taken' });
    const bare = { ...request('b2'), node: 4 };
    expect(judgeClaim(await run(claimTransaction(keys, bare, speaker)), bare).at).toBe('window-unusable');
    expect(store.peek(keys.claim(4))).toBeUndefined();
    const foreign = { ...request('b2'), domain: 'another domain' };
    expect(judgeClaim(await run(claimTransaction(keys, foreign, speaker)), foreign)).toEqual({
      at: 'domain-differs',
    });
    store.put(keys.domain, undefined);
    expect(judgeClaim(await run(claimTransaction(keys, request('b2'), speaker)), request('b2'))).toEqual({
      at: 'domain-missing',
    });
  });

  it('a CLAIM refused by our own nonce is ours: an earlier copy of it had arrived', async () => {
    const ours = await claim('a1');
    const repeated = await run(claimTransaction(keys, request('a1'), speaker));
    expect(repeated.succeeded).toBe(false);
    expect(judgeClaim(repeated, request('a1'))).toEqual({
      at: 'claimed',
      createRevision: ours.createRevision,
      floorMs: FLOOR,
    });
  });

  it('a CLAIM that has not arrived reads as free', async () => {
    expect(
      judgeClaimSight((await run({ when: [], then: sight(keys, 3), otherwise: [] })).found, request('a1')),
    ).toEqual({
      at: 'free',
    });
  });

  it('GRANT raises the window, and says who holds it', async () => {
    const ours = await claim('a1');
    expect(await grant(ours, 9_000)).toEqual({ at: 'ours', untilMs: 9_000 });
    expect(window()).toEqual({ untilMs: 9_000, held: true, by: 'host-a' });
  });

  it('a late GRANT below a higher one changes nothing (L1); without the rising bound it would lower the window', async () => {
    const ours = await claim('a1');
    await grant(ours, 9_000);
    expect(await grant(ours, 8_000)).toEqual({ at: 'ours', untilMs: 9_000 });
    expect(await grant(ours, 9_000)).toEqual({ at: 'ours', untilMs: 9_000 });
    await run(without(grantTransaction(keys, ours, 8_000, domain, speaker), 'below'));
    expect(window().untilMs).toBe(8_000);
  });

  it('a GRANT of a former incarnation changes nothing (L2); without the claim compares it would', async () => {
    const zombie = await claim('a1');
    await grant(zombie, 2_000);
    await store.closeLease(leaseId);
    leaseId = await lease();
    const ours = await claim('b2');
    expect(ours.floorMs).toBe(2_000);
    expect(await grant(zombie, 9_000)).toMatchObject({ at: 'gone' });
    const sameRevision = { ...zombie, createRevision: ours.createRevision };
    expect(await grant(sameRevision, 9_000)).toMatchObject({ at: 'gone' });
    const sameNonce = { ...ours, createRevision: zombie.createRevision };
    expect(await grant(sameNonce, 9_000)).toMatchObject({ at: 'gone' });
    expect(window().untilMs).toBe(2_000);
    await run(
      without(without(grantTransaction(keys, zombie, 9_000, domain, speaker), 'created-at'), 'equal'),
    );
    expect(window().untilMs).toBe(9_000);
  });

  it('a tombstoned domain stops every GRANT and RELEASE (L5)', async () => {
    const ours = await claim('a1');
    store.put(keys.domain, 'tombstone');
    expect(await grant(ours, 9_000)).toEqual({ at: 'domain-differs' });
    expect((await run(release(ours, 1_500, 9_000))).succeeded).toBe(false);
    expect(window().untilMs).toBe(FLOOR);
  });

  it('RELEASE lowers the window to just above the last timestamp, and frees the node', async () => {
    const ours = await claim('a1');
    await grant(ours, 9_000);
    expect(judgeRelease(await run(release(ours, 1_500, 9_000)), ours)).toBe('clean');
    expect(window()).toMatchObject({ untilMs: 1_501, held: false, releasedAtMs: 5_000 });
    expect(store.peek(keys.claim(3))).toBeUndefined();
    expect(judgeRelease(await run(release(ours, 1_500, 9_000)), ours)).toBe('clean');
  });

  it('RELEASE before the first ID keeps the floor (P1)', async () => {
    const ours = await claim('a1');
    await run(release(ours, 0, FLOOR));
    expect(window().untilMs).toBe(FLOOR);
  });

  it('RELEASE leaves a window that an operator raised (L4); without the compare it would lower it', async () => {
    const ours = await claim('a1');
    await grant(ours, 9_000);
    store.put(keys.window(3), encodeWindow({ untilMs: 50_000, held: true }));
    expect(judgeRelease(await run(release(ours, 1_500, 9_000)), ours)).toBe('still-ours');
    expect(window().untilMs).toBe(50_000);
    await run(without(release(ours, 1_500, 9_000), 'below'));
    expect(window().untilMs).toBe(1_501);
  });

  it('a claim somebody deleted, or a window somebody deleted, is a claim lost', async () => {
    const ours = await claim('a1');
    const look = async () =>
      judgeHoldSight((await run({ when: [], then: sight(keys, 3), otherwise: [] })).found, ours, domain);
    expect(await look()).toEqual({ at: 'ours', untilMs: FLOOR });
    store.put(keys.window(3), undefined);
    expect(await look()).toMatchObject({ at: 'gone' });
    expect(await grant(ours, 9_000)).toMatchObject({ at: 'gone' });
    store.put(keys.claim(3), undefined);
    expect(await look()).toMatchObject({ at: 'gone' });
  });

  it('CLAIM and GRANT exchange clock stamps over the beacon, never comparing it', async () => {
    const ours = await claim('a1');
    const result = await run(grantTransaction(keys, ours, 9_000, domain, { name: 'x', wallMs: 6_000 }));
    expect(previousBeacon(keys, result)).toEqual({ ...speaker, nonce: 'a1', granted: false });
    const transactions = [
      claimTransaction(keys, request('c3'), speaker),
      grantTransaction(keys, ours, 1, domain, speaker),
    ];
    expect(transactions.flatMap(({ when }) => when).map(({ key }) => key)).not.toContain(keys.beacon);
  });

  it('status is written only while the claim is ours', async () => {
    const ours = await claim('a1');
    expect((await run(statusTransaction(keys, ours, leaseId, '{}'))).succeeded).toBe(true);
    const zombie = { ...ours, nonce: 'b2' };
    expect((await run(statusTransaction(keys, zombie, leaseId, 'zombie'))).succeeded).toBe(false);
    expect(store.peek(keys.status(3))).toBe('{}');
  });
});
