import { SnowstampError } from '../errors.ts';
import type { Finding } from './finding.ts';

/** This release was made after this moment, so a clock before it is certainly wrong. */
const RELEASED = '2026-01-01T00:00:00Z';

/** A wall clock before the release would give IDs below those already given; PURE. */
export function clockFinding(nowMs: number): Finding {
  const now = new Date(nowMs).toISOString();
  return nowMs >= Date.parse(RELEASED)
    ? { level: 'ok', subject: 'clock', found: now, remedy: '' }
    : {
        level: 'fail',
        subject: 'clock',
        found: `${now} is before ${RELEASED}, when this release was made`,
        remedy: 'set the clock of this host, and keep it with NTP or PTP',
      };
}

/** @throws SnowstampError CLOCK_BEFORE_BUILD */
export function refuseClockBeforeRelease(nowMs: number): void {
  const { level, found, remedy } = clockFinding(nowMs);
  if (level === 'fail') throw new SnowstampError('CLOCK_BEFORE_BUILD', `the clock says ${found}: ${remedy}`);
}
