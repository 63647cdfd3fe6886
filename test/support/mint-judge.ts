import type { Incarnation, Permit } from '../../src/snowflake/permit.ts';
import type { EntryOf, LoggedRun, WorkerLog } from './mint-log.ts';
import { claimOf, highestWindow, nodeHistories, windowAt } from './store-history.ts';
import type { NodeHistory, StoreEvent } from './store-history.ts';

/** What can be wrong with the joined log of everything minted; each is looked for separately. */
export type Rule =
  /** Two IDs are equal (P1). */
  | 'duplicate'
  /** An ID does not rise above the one before, within an incarnation or from one to the next of its node (P2). */
  | 'order'
  /** A timestamp below the floor, or at or past the window told last, before the minting (P1). */
  | 'window'
  /** At or past a deadline of the permit held, by the reading minted with (P5). */
  | 'deadline'
  /** After the loss was told (P5). */
  | 'after-loss'
  /** Not covered by what the store itself says of this claim, whatever the worker was told (P1). */
  | 'store-window'
  /** Minted after an observer saw the claim gone (P5). */
  | 'outlived'
  /** The log itself cannot be: IDs of a claim nobody told of. */
  | 'log';

export interface Finding {
  readonly rule: Rule;
  readonly worker: string;
  readonly what: string;
}

export interface Verdict {
  /** IDs judged. */
  readonly ids: number;
  readonly incarnations: number;
  /** The first of each rule and incarnation; empty: innocent. */
  readonly findings: readonly Finding[];
}

/** One incarnation's whole life, as its worker logged it. */
interface Life {
  readonly worker: string;
  readonly incarnation: Incarnation;
  readonly runs: LoggedRun[];
  permit: Permit | undefined;
  lost: boolean;
  lastMint: EntryOf<'minted'> | undefined;
  readonly found: Map<Rule, string>;
}

/**
 * Judges the joined log of all workers of one domain, by arithmetic of its own. With the store's history, windows and
 * claims are taken from there too: what a worker believes is not evidence.
 */
export function judge(logs: readonly WorkerLog[], history?: readonly StoreEvent[]): Verdict {
  const lives: Life[] = [];
  const findings: Finding[] = [];
  for (const log of logs) walk(log, lives, findings);
  const nodes = Map.groupBy(lives, ({ incarnation }) => incarnation.node);
  const histories = history === undefined ? undefined : nodeHistories(history);
  for (const [node, ofNode] of nodes) {
    findDuplicates(ofNode);
    findDisorder(ofNode);
    if (histories !== undefined) for (const life of ofNode) holdAgainst(life, histories.get(node));
  }
  for (const { worker, found } of lives)
    for (const [rule, what] of found) findings.push({ rule, worker, what });
  const ids = lives.reduce((sum, { runs }) => sum + runs.reduce((part, [, , count]) => part + count, 0), 0);
  return { ids, incarnations: lives.length, findings };
}

export const rulesBroken = ({ findings }: Verdict): Rule[] =>
  [...new Set(findings.map(({ rule }) => rule))].toSorted();

function find({ found }: Life, rule: Rule, what: string): void {
  if (!found.has(rule)) found.set(rule, what);
}

/** Reads one worker's log in order: what it knew at each minting is what it had been told above it. */
function walk({ worker, entries }: WorkerLog, lives: Life[], findings: Finding[]): void {
  const own = new Map<string, Life>();
  for (const entry of entries) {
    switch (entry.is) {
      case 'claimed': {
        const { incarnation } = entry;
        const life = { worker, incarnation, runs: [], permit: undefined, lost: false };
        own.set(incarnation.nonce, { ...life, lastMint: undefined, found: new Map() });
        lives.push(own.get(incarnation.nonce)!);
        break;
      }
      case 'permit': {
        const life = own.get(entry.permit.incarnation.nonce);
        if (life !== undefined) life.permit = entry.permit;
        break;
      }
      case 'lost': {
        const life = own.get(entry.nonce);
        if (life !== undefined) life.lost = true;
        break;
      }
      case 'minted': {
        const life = own.get(entry.nonce);
        if (life === undefined) findings.push({ rule: 'log', worker, what: `no claim ${entry.nonce}` });
        else minted(life, entry);
        break;
      }
      case 'refused':
      case 'ended':
        break;
    }
  }
}

function minted(life: Life, entry: EntryOf<'minted'>): void {
  const { permit, incarnation } = life;
  const { now, runs } = entry;
  if (life.lost) find(life, 'after-loss', `at ${entry.hostMs}`);
  if (permit === undefined) find(life, 'window', 'without a permit');
  else if (!(now.monotonicMs < permit.deadlineMonotonicMs && now.wallMs < permit.deadlineWallMs)) {
    const { deadlineMonotonicMs, deadlineWallMs } = permit;
    find(
      life,
      'deadline',
      `read ${now.monotonicMs} / ${now.wallMs}, ends ${deadlineMonotonicMs} / ${deadlineWallMs}`,
    );
  }
  for (const run of runs) {
    const [timestampMs, firstSequence] = run;
    const last = life.runs.at(-1);
    if (last !== undefined && !isBelow(last, run)) find(life, 'order', `${text(run)} after ${text(last)}`);
    const untilMs = permit?.untilMs ?? -Infinity;
    if (timestampMs < incarnation.floorMs || timestampMs >= untilMs || firstSequence < 0) {
      find(life, 'window', `${text(run)} outside [${incarnation.floorMs}, ${untilMs})`);
    }
    life.runs.push(run);
  }
  life.lastMint = entry;
}

/** All of `a` below all of `b`. */
function isBelow(a: LoggedRun, b: LoggedRun): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] + a[2] <= b[1]);
}

const text = ([timestampMs, first, count]: LoggedRun): string =>
  `${timestampMs}:${first}…${first + count - 1}`;

function findDuplicates(lives: readonly Life[]): void {
  const all = lives.flatMap((life) => life.runs.map((run) => ({ life, run })));
  all.sort((a, b) => a.run[0] - b.run[0] || a.run[1] - b.run[1]);
  let highest = all[0];
  for (const next of all.slice(1)) {
    const [timestampMs, firstSequence] = next.run;
    const { run, life } = highest!;
    if (run[0] === timestampMs && run[1] + run[2] > firstSequence)
      find(next.life, 'duplicate', `${text(next.run)} and ${text(run)} of ${life.worker}`);
    if (!(run[0] === timestampMs && run[1] + run[2] > firstSequence + next.run[2])) highest = next;
  }
}

/** Whatever a later claim of a node gives lies above all that an earlier one gave: also what a zombie gave late. */
function findDisorder(lives: readonly Life[]): void {
  const inOrder = lives
    .filter(({ runs }) => runs.length > 0)
    .toSorted((a, b) => Number(BigInt(a.incarnation.createRevision) - BigInt(b.incarnation.createRevision)));
  let highest: LoggedRun | undefined;
  for (const life of inOrder) {
    const lowest = life.runs.reduce((low, run) => (isBelow(run, low) ? run : low));
    if (highest !== undefined && !isBelow(highest, lowest))
      find(life, 'order', `${text(lowest)} after ${text(highest)} of an earlier claim`);
    for (const run of life.runs) if (highest === undefined || isBelow(highest, run)) highest = run;
  }
}

function holdAgainst(life: Life, history: NodeHistory | undefined): void {
  const { createRevision, nonce } = life.incarnation;
  const claim = history === undefined ? undefined : claimOf(history, createRevision, nonce);
  if (history === undefined || claim === undefined) {
    if (life.runs.length > 0) find(life, 'store-window', 'the store never held this claim');
    return;
  }
  const floorMs = windowAt(history, claim.createRevision) ?? Infinity;
  const untilMs = highestWindow(history, claim);
  const outside = life.runs.find(([timestampMs]) => timestampMs < floorMs || timestampMs >= untilMs);
  if (outside !== undefined)
    find(life, 'store-window', `${text(outside)} outside [${floorMs}, ${untilMs}) as stored`);
  if (life.lastMint !== undefined && claim.endedMs !== undefined && life.lastMint.hostMs >= claim.endedMs)
    find(life, 'outlived', `${life.lastMint.hostMs - claim.endedMs} ms after the claim was seen gone`);
}
