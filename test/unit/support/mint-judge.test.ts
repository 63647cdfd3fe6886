import { describe, expect, it } from '@jest/globals';
import { judge, rulesBroken } from '../../support/mint-judge.ts';
import type { MintEntry, WorkerLog } from '../../support/mint-log.ts';
import type { StoreEvent } from '../../support/store-history.ts';

/** A log in few words; wall and monotonic clock both stand at `at`, unless said. */
class Log implements WorkerLog {
  readonly worker: string;
  readonly entries: MintEntry[] = [];
  readonly #incarnation;

  constructor(worker: string, createRevision: number, { floorMs = 100, node = 0 } = {}) {
    this.worker = worker;
    this.#incarnation = { node, createRevision: `${createRevision}`, nonce: worker, floorMs };
    this.entries.push({ is: 'claimed', hostMs: 0, incarnation: this.#incarnation });
  }

  permit(untilMs: number, deadlineMs = untilMs, deadlineWallMs = deadlineMs): this {
    const permit = {
      incarnation: this.#incarnation,
      untilMs,
      deadlineMonotonicMs: deadlineMs,
      deadlineWallMs,
    };
    this.entries.push({ is: 'permit', hostMs: 0, permit });
    return this;
  }

  mint(atMs: number, timestampMs = atMs, firstSequence = 0, count = 10): this {
    const now = { wallMs: atMs, monotonicMs: atMs };
    const { nonce } = this.#incarnation;
    const runs = [[timestampMs, firstSequence, count]] as const;
    this.entries.push({ is: 'minted', hostMs: atMs, nonce, now, runs });
    return this;
  }

  lost(atMs: number): this {
    this.entries.push({ is: 'lost', hostMs: atMs, nonce: this.#incarnation.nonce, why: '' });
    return this;
  }
}

const windowEvent = (revision: number, untilMs: number | undefined): StoreEvent => ({
  revision: BigInt(revision),
  key: 'window/0',
  value: untilMs === undefined ? undefined : `${String(untilMs).padStart(20, '0')};held`,
  seenMs: 0,
});
const claimEvent = (revision: number, nonce: string | undefined, seenMs = 0): StoreEvent => ({
  revision: BigInt(revision),
  key: 'claim/0',
  value: nonce,
  seenMs,
});

const broken = (logs: readonly WorkerLog[], history?: readonly StoreEvent[]) =>
  rulesBroken(judge(logs, history));

/** `a` from revision 5 with [100, 200), expired at 8; `b` from 9 with [200, 300). */
const HISTORY = [
  windowEvent(2, 100),
  claimEvent(5, 'a'),
  windowEvent(6, 200),
  claimEvent(8, undefined, 190),
  claimEvent(9, 'b'),
  windowEvent(10, 300),
];

describe('the judge of minted IDs', () => {
  it('finds nothing in a clean handover, and counts what it judged', () => {
    const a = new Log('a', 5).permit(200).mint(120).mint(130).mint(130, 130, 10, 5).lost(180);
    const b = new Log('b', 9, { floorMs: 200 }).permit(300).mint(210).mint(220, 225);
    expect(judge([a, b], HISTORY)).toEqual({ ids: 45, incarnations: 2, findings: [] });
  });

  it('finds nothing where a zombie mints below its bound after the next one began', () => {
    const a = new Log('a', 5).permit(200).mint(150).mint(160, 199);
    const b = new Log('b', 9, { floorMs: 200 }).permit(300).mint(150, 200);
    expect(broken([a, b])).toEqual([]);
  });

  it('same timestamps and sequences on another node are other IDs', () => {
    const a = new Log('a', 5).permit(200).mint(150);
    const b = new Log('b', 6, { node: 1 }).permit(200).mint(150);
    expect(broken([a, b])).toEqual([]);
  });

  it.each<[string, readonly WorkerLog[], readonly string[]]>([
    [
      'the same run twice, by two workers',
      [new Log('a', 5).permit(200).mint(150), new Log('b', 9).permit(200).mint(150)],
      ['duplicate', 'order'],
    ],
    [
      'one ID of an overlap',
      [
        new Log('a', 5).permit(200).mint(150, 150, 0, 10),
        new Log('b', 9).permit(200).mint(150, 150, 9, 10).mint(151, 151, 0, 1),
      ],
      ['duplicate', 'order'],
    ],
    [
      'a short run within a long one, with another short one between',
      [
        new Log('a', 5).permit(200).mint(150, 150, 0, 100),
        new Log('b', 9).permit(200).mint(150, 150, 3, 1).mint(150, 150, 50, 1),
      ],
      ['duplicate', 'order'],
    ],
    ['a step back within one incarnation', [new Log('a', 5).permit(200).mint(150).mint(149)], ['order']],
    [
      'a sequence that goes back',
      [new Log('a', 5).permit(200).mint(150, 150, 10).mint(150, 150, 0)],
      ['order'],
    ],
    [
      'a later claim below an earlier one',
      [new Log('a', 5).permit(200).mint(150), new Log('b', 9).permit(200).mint(140)],
      ['order'],
    ],
    [
      'revisions compared as numbers, not as text',
      [new Log('a', 9).permit(200).mint(150), new Log('b', 10).permit(200).mint(140)],
      ['order'],
    ],
    ['a timestamp at the window', [new Log('a', 5).permit(200, 300).mint(150, 200)], ['window']],
    ['a timestamp below the floor', [new Log('a', 5).permit(200).mint(150, 99)], ['window']],
    ['no permit at all', [new Log('a', 5).mint(150)], ['window']],
    [
      'a permit that came only afterwards',
      [new Log('a', 5).permit(200, 300).mint(210, 200).permit(300, 300)],
      ['window'],
    ],
    ['a reading at the deadline', [new Log('a', 5).permit(300, 200).mint(200, 150)], ['deadline']],
    ['only the wall clock past it', [new Log('a', 5).permit(300, 250, 200).mint(200, 150)], ['deadline']],
    ['minting after the loss', [new Log('a', 5).permit(200).lost(140).mint(150)], ['after-loss']],
  ])('finds %s', (_, logs, rules) => {
    expect(broken(logs)).toEqual(rules);
  });

  it('finds IDs of a claim nobody told of', () => {
    const { entries } = new Log('a', 5).permit(200).mint(150);
    expect(broken([{ worker: 'a', entries: entries.slice(2) }])).toEqual(['log']);
  });

  it.each<[string, readonly WorkerLog[], readonly StoreEvent[], readonly string[]]>([
    [
      'a window told but never stored',
      [new Log('a', 5).permit(250).mint(170, 210)],
      HISTORY,
      ['store-window'],
    ],
    [
      'a floor below the stored one',
      [new Log('a', 5, { floorMs: 50 }).permit(200).mint(150, 60)],
      HISTORY,
      ['store-window'],
    ],
    ['a claim the store never held', [new Log('c', 7).permit(200).mint(150)], HISTORY, ['store-window']],
    ['a claim with another revision', [new Log('a', 6).permit(200).mint(150)], HISTORY, ['store-window']],
    [
      'a window raised by the next claim only',
      [new Log('a', 5).permit(300).mint(170, 250)],
      HISTORY,
      ['store-window'],
    ],
    [
      'a window that was deleted under the claim',
      [new Log('b', 9, { floorMs: 200 }).permit(300).mint(250)],
      [...HISTORY.slice(0, 4), windowEvent(8, undefined), claimEvent(9, 'b')],
      ['store-window'],
    ],
    ['minting after the claim was seen gone', [new Log('a', 5).permit(200).mint(195)], HISTORY, ['outlived']],
  ])('with the store as witness, finds %s', (_, logs, history, rules) => {
    expect(broken(logs, history)).toEqual(rules);
  });

  it('takes the store’s events in any order', () => {
    const a = new Log('a', 5).permit(200).mint(150);
    expect(broken([a], HISTORY.toReversed())).toEqual([]);
  });
});
