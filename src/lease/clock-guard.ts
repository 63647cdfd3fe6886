import type { Instant } from '../clock.ts';
import type { ExternalStanding } from './external-clock.ts';
import { offByMs, PeerClocks } from './peers.ts';
import type { OwnTurn, Range } from './peers.ts';
import type { ClockLevel, ClockStanding, LeaseFact } from './port.ts';
import { isRollback, RollbackAlarm, type AlarmRules } from './rollback-alarm.ts';
import type { ClockProof, ClockWord } from './state.ts';
import type { Beacon, Heard } from './values.ts';

/** How far the wall clock may be off before something is done about it. All in milliseconds. */
export interface GuardRules extends AlarmRules {
  /** Off by more than this for certain: told, not ready, no CLAIM and no GRANT. */
  readonly warnOffsetMs: number;
  readonly notReadyOffsetMs: number;
  readonly refuseOffsetMs: number;
  /** External sources: error beyond which they vouch for nothing, and how long they may know nothing. */
  readonly maxErrorMs: number;
  readonly maxUnsynchronisedMs: number;
  /** A gain of the wall clock on the monotonic one by more than this has two classes: told, and doubted. */
  readonly noticeForwardMs: number;
  readonly forwardStepMs: number;
  /** The keeper looks at its clocks four times a second; a gap longer than this is told. */
  readonly stallMs: number;
}

export const DEFAULT_GUARD_RULES: GuardRules = {
  warnOffsetMs: 100,
  notReadyOffsetMs: 500,
  refuseOffsetMs: 2_000,
  maxErrorMs: 250,
  maxUnsynchronisedMs: 600_000,
  noticeForwardMs: 50,
  forwardStepMs: 500,
  stallMs: 1_000,
  rollbackAlarmCount: 3,
  rollbackAlarmMs: 600_000,
};

export interface External {
  standing(now: Instant): ExternalStanding;
  forget(): void;
}

const LEVELS: readonly ClockLevel[] = ['fine', 'warn', 'not-ready', 'refuse'];
const JUDGED_EVERY_MS = 1_000;
const STIRRED_MS = 5;

interface Judged {
  readonly atMs: number;
  readonly aheadMs: number;
  readonly standing: ClockStanding;
  readonly mayClaim: boolean;
}

/**
 * What is to be thought of our wall clock. PURE but for asking `external`: time is an argument. Two and more fresh peers
 * decide by majority; with one, an external source does, and without a source it can warn us at most: which of the two is
 * wrong, nobody knows. A source that vouches for nothing keeps us from claiming only where there are no peers either.
 */
export class ClockGuard {
  readonly #rules: GuardRules;
  readonly #external: External | undefined;
  readonly #peers = new PeerClocks();
  readonly #alarm: RollbackAlarm;
  #seen: Instant | undefined;
  #judged: Judged | undefined;
  #told: ClockLevel = 'fine';

  constructor(rules: GuardRules, external: External | undefined) {
    this.#rules = rules;
    this.#external = external;
    this.#alarm = new RollbackAlarm(rules);
  }

  /** Looks at both clocks, and tells what is new. A step of more than `forwardStepMs` is the machine's to tell. */
  observe(now: Instant): LeaseFact[] {
    const seen = this.#seen ?? now;
    this.#seen = now;
    const facts: LeaseFact[] = [];
    const passedMs = now.monotonicMs - seen.monotonicMs;
    if (passedMs > this.#rules.stallMs) facts.push({ fact: 'stalled', forMs: passedMs });
    const gainedMs = now.wallMs - seen.wallMs - passedMs;
    if (gainedMs > this.#rules.noticeForwardMs) {
      // Perhaps it was the monotonic clock that stood still, with the machine.
      this.#peers.forget();
      this.#external?.forget();
      this.#judged = undefined;
      if (gainedMs <= this.#rules.forwardStepMs) facts.push({ fact: 'clock-stepped', byMs: gainedMs });
    }
    if (isRollback(gainedMs, passedMs)) {
      this.#alarm.note(now.monotonicMs);
      this.#judged = undefined;
      facts.push({ fact: 'clock-stepped', byMs: gainedMs });
    }
    const { standing } = this.#judge(now);
    if (standing.level !== this.#told) {
      facts.push({ fact: 'clock-level', was: this.#told, ...standing });
      this.#told = standing.level;
    }
    return facts;
  }

  /** A CLAIM, GRANT or reading of the beacon of ours was answered. */
  take(turn: OwnTurn, found: Beacon | undefined): void {
    this.#peers.take(turn, found);
    this.#judged = undefined;
  }

  heard(now: Instant): Heard | undefined {
    return this.#peers.heard(now);
  }

  standing(now: Instant): ClockStanding {
    return this.#judge(now).standing;
  }

  /** For the machine. */
  word(now: Instant): ClockWord {
    const { standing, mayClaim } = this.#judge(now);
    return { mayClaim, mayGrant: standing.level !== 'refuse', clocks: standing.clocks };
  }

  /** What the peers say to somebody who wants a proof: here one peer is enough, for and against. */
  proof(now: Instant): ClockProof {
    const peers = this.#peers.standing(now, this.#rules.refuseOffsetMs);
    if (peers === undefined) return { at: 'unavailable', why: 'no peer spoke' };
    const by = peers.clocks === 1 ? 'a peer' : `${peers.clocks} peers`;
    if (offByMs(peers) <= this.#rules.refuseOffsetMs) return { at: 'proven', by };
    return { at: 'off', by, byMs: Math.round(middle(peers)) };
  }

  #judge(now: Instant): Judged {
    const aheadMs = now.wallMs - now.monotonicMs;
    const last = this.#judged;
    const isCurrent =
      last !== undefined &&
      now.monotonicMs - last.atMs < JUDGED_EVERY_MS &&
      Math.abs(aheadMs - last.aheadMs) < STIRRED_MS;
    if (isCurrent) return last;
    const judged = { atMs: now.monotonicMs, aheadMs, ...this.#look(now) };
    this.#judged = judged;
    return judged;
  }

  #look(now: Instant): { standing: ClockStanding; mayClaim: boolean } {
    const peers = this.#peers.standing(now, this.#rules.refuseOffsetMs);
    const outside = this.#external?.standing(now);
    const clocks = peers?.clocks ?? 0;
    const { by, range } = decisive(peers, outside);
    const off = range === undefined ? undefined : this.#levelOf(range);
    const lone = off !== undefined && by === 'one peer' && off !== 'fine' ? 'warn' : off;
    const doubt = outside === undefined ? undefined : this.#doubtOf(outside);
    const alarm = this.#alarm.why(now.monotonicMs);
    const level = worse(lone ?? 'fine', (doubt ?? alarm) === undefined ? 'fine' : 'warn');
    const offset =
      range === undefined ? undefined : `${Math.round(offByMs(range))} ms off at least, by ${by!}`;
    const why = lone === undefined || lone === 'fine' ? (doubt ?? alarm) : offset;
    return {
      standing: {
        level,
        why,
        by,
        clocks,
        rollbackAlarm: alarm !== undefined,
        offsetMs: finite(range, middle),
        boundMs: finite(range, halfWidth),
      },
      mayClaim: level !== 'refuse' && (doubt === undefined || clocks > 0),
    };
  }

  #levelOf(range: Range): ClockLevel {
    const { warnOffsetMs, notReadyOffsetMs, refuseOffsetMs } = this.#rules;
    const offMs = offByMs(range);
    if (offMs > refuseOffsetMs) return 'refuse';
    if (offMs > notReadyOffsetMs) return 'not-ready';
    return offMs > warnOffsetMs ? 'warn' : 'fine';
  }

  /** Why the sources vouch for nothing; undefined when they do, or have not been given the time to. */
  #doubtOf({ best, unsynchronisedMs }: ExternalStanding): string | undefined {
    const { maxErrorMs, maxUnsynchronisedMs } = this.#rules;
    if (best !== undefined && best.maxErrorMs > maxErrorMs)
      return `off by up to ${Math.round(best.maxErrorMs)} ms, by ${best.by}`;
    if (unsynchronisedMs > maxUnsynchronisedMs)
      return `no clock source knew the time for ${Math.round(unsynchronisedMs / 1_000)} s`;
    return undefined;
  }
}

function decisive(
  peers: (Range & { readonly clocks: number }) | undefined,
  outside: ExternalStanding | undefined,
): { readonly by: string | undefined; readonly range: Range | undefined } {
  if (peers !== undefined && peers.clocks > 1) return { by: `${peers.clocks} peers`, range: peers };
  if (outside?.best !== undefined) return { by: outside.best.by, range: outside.best };
  return peers === undefined ? { by: undefined, range: undefined } : { by: 'one peer', range: peers };
}

const worse = (a: ClockLevel, b: ClockLevel): ClockLevel => (LEVELS.indexOf(a) > LEVELS.indexOf(b) ? a : b);

const middle = ({ leastMs, mostMs }: Range): number => (leastMs + mostMs) / 2;
const halfWidth = ({ leastMs, mostMs }: Range): number => (mostMs - leastMs) / 2;

function finite(range: Range | undefined, of: (range: Range) => number): number | undefined {
  const value = range === undefined ? Number.NaN : of(range);
  return Number.isFinite(value) ? value : undefined;
}
