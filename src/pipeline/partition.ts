import type { ErrorCode } from '../errors.ts';
import type { OwnershipToken } from '../kafka/membership/port.ts';
import { NOTHING_CARRIED, type Carried } from './carried.ts';
import { Inflow } from './inflow.ts';
import type { Observe, Route } from './port.ts';
import { fetchPauseMs } from './retry.ts';

/**
 * | state | entered when | holds | left by |
 * |---|---|---|---|
 * | opening | added, or a permit, an error or a doubtful outcome made the position uncertain | nothing fetched | `opened`, `stop` |
 * | floor | position known, but the generator's next timestamp is not above the partition's last ID yet | may fetch | `passFloor` |
 * | open | may be composed | may fetch | anything |
 * | sidelined | its batch was refused; waits `untilMs`, then is tried in a transaction of its own (rule 5) | nothing before its time: it takes no room from what flows (P6) | `committed`, `reopen` (it comes back sidelined), `stop` |
 * | stopped | only an operator can help, or the cause must go away (rule 8) | nothing | `reopen` |
 */
export type PartitionState =
  | {
      readonly at: 'opening';
      readonly notBeforeMs: number;
      readonly attempt: number;
      /** What kept the last try out; undefined before the first. */
      readonly why: string | undefined;
    }
  | { readonly at: 'floor'; readonly floorTimestampMs: number }
  | { readonly at: 'open' }
  | { readonly at: 'sidelined'; readonly untilMs: number; readonly attempt: number; readonly why: string }
  | { readonly at: 'stopped'; readonly code: ErrorCode; readonly detail: string };

/** Where a partition stands once its door was passed. */
export interface Opening {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly carried: Carried;
  /** Lowest timestamp allowed is one above this; −1 when the partition has no floor. Unix ms. */
  readonly floorTimestampMs: number;
  readonly topicId: string;
  readonly source: string;
}

/** Fetches that fail in a row, while the partition could flow: it alone is not asked for until `untilMs` (rule 5). */
export interface Trouble {
  readonly why: string;
  readonly tries: number;
  readonly untilMs: number;
  /** Another epoch is another leader: asked at once. */
  readonly leaderEpoch: number;
}

/** A record that must not be stamped again: it goes to the dead letters, or stops the partition (rule 15). */
export interface Poison {
  readonly code: ErrorCode;
  readonly message: string;
  /** The dead-letter topic refused its timestamp once: write it with the time of now. */
  readonly restamped: boolean;
}

/** One owned input partition. All state changes go through its methods, each of which announces itself once. */
export class Partition {
  readonly token: OwnershipToken;
  readonly route: Route;
  readonly inflow: Inflow;
  state: PartitionState = { at: 'opening', notBeforeMs: 0, attempt: 0, why: undefined };
  /** Undefined after a good fetch. */
  trouble: Trouble | undefined;
  /** End of the last committed transaction = first offset of the next one (rule 6). */
  position = -1;
  positionEpoch = -1;
  carried: Carried = NOTHING_CARRIED;
  topicId = '';
  /** From the last fetch answer, or asked for while nothing is fetched; lag is counted against it. −1: not known. */
  lastStableOffset = -1;
  readonly poison = new Map<number, Poison>();
  /** Bisection of a batch refused without naming records: at most this many in the next try. */
  trialRecords = Infinity;
  /** It was in a transaction whose outcome is not known, and in none that committed since (rule 5). */
  suspect = false;
  /** Counts resets, so that a fetch answer for an earlier position is recognised as stale. */
  resets = 0;
  /** Refusals in a row, for the backoff. */
  #attempts = 0;
  /** Outlives the door: a partition whose outcome stayed doubtful alone must not come back among the others. */
  #sidelined: Extract<PartitionState, { at: 'sidelined' }> | undefined;
  readonly #observe: Observe;

  constructor(token: OwnershipToken, route: Route, observe: Observe) {
    this.token = token;
    this.route = route;
    this.inflow = new Inflow(route.inflateCapBytes);
    this.#observe = observe;
  }

  get name(): string {
    return `${this.token.topic}-${this.token.partition}`;
  }

  opened(opening: Opening): void {
    this.position = opening.offset;
    this.positionEpoch = opening.leaderEpoch;
    this.carried = opening.carried;
    this.topicId = opening.topicId;
    this.resets++;
    this.inflow.reset(opening.offset, opening.leaderEpoch);
    const { floorTimestampMs } = opening;
    this.state = floorTimestampMs < 0 ? this.#entered() : { at: 'floor', floorTimestampMs };
    const { topic, partition } = this.token;
    const lastId = opening.carried.lastId.toString();
    this.#observe({
      fact: 'opened',
      topic,
      partition,
      offset: opening.offset,
      lastId,
      source: opening.source,
    });
  }

  passFloor(): void {
    if (this.state.at === 'floor') this.state = this.#entered();
  }

  #entered(): PartitionState {
    return this.#sidelined ?? { at: 'open' };
  }

  /** Position uncertain: through the door again. `attempt` > 0 after an opening that failed for `why`. */
  reopen(notBeforeMs = 0, attempt = 0, why?: string): void {
    this.resets++;
    this.trouble = undefined;
    this.inflow.reset(this.position, this.positionEpoch);
    this.state = { at: 'opening', notBeforeMs, attempt, why };
  }

  /** The door stays shut, but the group's word is known all the same: lag is counted from there. */
  waitsAt(committedOffset: number): void {
    if (committedOffset >= 0) this.position = committedOffset;
  }

  committed(next: number, leaderEpoch: number, carried: Carried): void {
    this.position = next;
    this.positionEpoch = leaderEpoch;
    this.carried = carried;
    this.inflow.settle(next);
    for (const offset of this.poison.keys()) if (offset < next) this.poison.delete(offset);
    this.trialRecords =
      this.poison.size === 0 ? Math.min(this.trialRecords * 2, Infinity) : this.trialRecords;
    if (this.trialRecords > 65_536) this.trialRecords = Infinity;
    this.#attempts = 0;
    this.suspect = false;
    this.#sidelined = undefined;
    if (this.state.at === 'sidelined') this.state = { at: 'open' };
  }

  /** Rule 5: this partition waits, the others go on. A stopped one stays stopped. */
  sideline(nowMs: number, retry: { readonly firstMs: number; readonly maxMs: number }, why: string): void {
    if (this.state.at === 'stopped') return;
    const backoffMs = Math.min(retry.maxMs, retry.firstMs * 2 ** Math.min(this.#attempts, 20));
    this.#attempts++;
    this.resets++;
    this.inflow.reset(this.position, this.positionEpoch);
    this.#sidelined = { at: 'sidelined', untilMs: nowMs + backoffMs, attempt: this.#attempts, why };
    if (this.flowing) this.state = this.#sidelined;
    const { topic, partition } = this.token;
    this.#observe({ fact: 'sidelined', topic, partition, why, backoffMs });
  }

  stop(code: ErrorCode, detail: string): void {
    if (this.state.at === 'stopped' && this.state.code === code) return;
    this.resets++;
    this.trouble = undefined;
    this.inflow.reset(this.position, this.positionEpoch);
    this.state = { at: 'stopped', code, detail };
    const { topic, partition } = this.token;
    this.#observe({ fact: 'stopped', topic, partition, code, detail });
  }

  /** A good fetch answer. */
  heard(lastStableOffset: number): void {
    this.lastStableOffset = lastStableOffset;
    this.trouble = undefined;
  }

  /** A fetch answer that is an error about this partition alone. */
  failed(why: string, nowMs: number, leaderEpoch: number): Trouble {
    const tries = (this.trouble?.tries ?? 0) + 1;
    this.trouble = { why, tries, untilMs: nowMs + fetchPauseMs(tries), leaderEpoch };
    return this.trouble;
  }

  /** No fetch answer, for a reason it shares with others: it waits for nothing of its own. */
  unheard(why: string): void {
    this.trouble = { why, tries: this.trouble?.tries ?? 0, untilMs: 0, leaderEpoch: -1 };
  }

  /** End of its backoff, monotonic; 0 when it waits out none. */
  get dueMs(): number {
    return this.state.at === 'sidelined' ? this.state.untilMs : 0;
  }

  /** May be fetched for, once it is due. */
  get flowing(): boolean {
    return (
      this.token.alive &&
      (this.state.at === 'open' || this.state.at === 'floor' || this.state.at === 'sidelined')
    );
  }
}
