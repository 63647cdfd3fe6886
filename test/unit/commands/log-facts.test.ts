import { describe, expect, it } from '@jest/globals';
import type { Fact } from '../../../src/assemble.ts';
import { logFact } from '../../../src/commands/log-facts.ts';
import { createLog, type Level } from '../../../src/ops/log.ts';

const where = { topic: 'in', partition: 3 } as const;
const load = { sequenceUse: 0.9, records: 1, bytes: 2 };
const standing = {
  level: 'warn',
  why: 'w',
  by: 'chrony',
  clocks: 0,
  rollbackAlarm: false,
  offsetMs: 1,
  boundMs: 2,
} as const;
const beacon = { peerNonce: 'ab', peerWallMs: 1, sentWallMs: 1, answeredWallMs: 2, revision: '7' };

type FactOf<Room extends Fact['room']> = Extract<Fact, { readonly room: Room }>['fact'];
const pipeline = (level: Level, fact: FactOf<'pipeline'>) =>
  ({ level, told: { room: 'pipeline', fact } }) as const;
const transaction = (level: Level, fact: FactOf<'transaction'>) =>
  ({ level, told: { room: 'transaction', fact } }) as const;
const membership = (level: Level, fact: FactOf<'membership'>) =>
  ({ level, told: { room: 'membership', fact } }) as const;
const lease = (level: Level, fact: FactOf<'lease'>) => ({ level, told: { room: 'lease', fact } }) as const;
const registry = (level: Level, fact: FactOf<'registry'>['fact']) =>
  ({ level, told: { room: 'registry', fact: { fact, route: 'r', schemaId: 7, why: 'w' } } }) as const;
const worker = (level: Level, to: FactOf<'worker'>['to']) =>
  ({ level, told: { room: 'worker', fact: { from: { at: 'serving' }, to, why: 'w' } } }) as const;

/** Every fact there is, and the level somebody who runs a fleet wants it at. */
const FACTS: readonly { readonly level: Level; readonly told: Fact }[] = [
  pipeline('debug', { fact: 'fetched', nodeId: 1, bytes: 2, partitions: 3 }),
  pipeline('debug', { fact: 'minted', ids: 1, records: 1, bytes: 2 }),
  pipeline('debug', {
    fact: 'committed',
    route: 'r',
    stamped: 1,
    headerOnly: 0,
    kept: 0,
    deadLettered: 1,
    mapped: 0,
    unmapped: 0,
  }),
  pipeline('debug', { fact: 'transaction', result: 'committed', seconds: 1, why: '' }),
  pipeline('info', { fact: 'transaction', result: 'aborted', seconds: 1, why: 'w' }),
  pipeline('info', { fact: 'transaction', result: 'doubtful', seconds: 1, why: 'w' }),
  pipeline('info', { fact: 'valve', at: 'shut', why: 'bytes', load }),
  pipeline('info', { fact: 'opened', ...where, offset: 5, lastId: '9', source: 'metadata' }),
  pipeline('warn', { fact: 'floor', ...where, waitMs: 5 }),
  pipeline('warn', { fact: 'sidelined', ...where, why: 'w', backoffMs: 5 }),
  pipeline('debug', { fact: 'dead-letter', ...where, offset: 5, code: 'RECORD_TOO_LARGE' }),
  pipeline('error', { fact: 'stopped', ...where, code: 'BATCH_CORRUPT', detail: 'd' }),
  pipeline('warn', { fact: 'recovering', why: 'w' }),
  pipeline('debug', { fact: 'retried', request: 'Fetch', why: 'w' }),
  pipeline('warn', { fact: 'stuck', request: 'Fetch', why: 'w', tries: 8 }),
  transaction('info', { fact: 'initialised', producerId: '1', producerEpoch: 2 }),
  transaction('debug', { fact: 'begun', partitions: 1 }),
  transaction('debug', { fact: 'produced', records: 1, bytes: 2 }),
  transaction('debug', { fact: 'offsets-added' }),
  transaction('debug', { fact: 'offsets-committed' }),
  transaction('debug', { fact: 'ended', committed: true }),
  transaction('debug', { fact: 'retried', request: 'EndTxn', errorCode: 51, attempt: 1 }),
  transaction('warn', { fact: 'doubtful', why: 'w' }),
  membership('info', { fact: 'joined', generation: 1, memberId: 'm', leader: true }),
  membership('info', { fact: 'synced', added: 1, revoked: 0, kept: 0 }),
  membership('info', { fact: 'rebalance', why: 'w' }),
  membership('info', { fact: 'drained', partitions: 1, overdue: false }),
  membership('warn', { fact: 'heartbeat-failed', generation: 1, why: 'w' }),
  membership('warn', { fact: 'session-overdue', sinceMs: 10_000 }),
  membership('info', { fact: 'coordinator-changed', from: 1, to: null }),
  membership('warn', { fact: 'lost', partitions: 1, why: 'w' }),
  membership('info', { fact: 'left', acknowledged: true }),
  membership('error', { fact: 'fatal', code: 'GROUP_FATAL', why: 'w' }),
  membership('debug', { fact: 'retried', request: 'JoinGroup', code: null, why: 'w', delayMs: 1 }),
  registry('info', 'ready'),
  registry('info', 'proven'),
  registry('warn', 'refused'),
  registry('warn', 'unavailable'),
  registry('error', 'condemned'),
  lease('info', { fact: 'state', from: 'held', to: 'doubtful', node: 1 }),
  lease('debug', { fact: 'granted', node: 1, untilMs: 2, tookMs: 3 }),
  lease('debug', { fact: 'renewed', tookMs: 3 }),
  lease('warn', { fact: 'trouble', during: 'grant', why: 'w', detail: 'd', unknown: true }),
  lease('info', { fact: 'resting', nodes: 1, readyInMs: 2 }),
  lease('info', { fact: 'clock-proven', node: 1, by: 'chrony' }),
  lease('warn', { fact: 'clock-unproven', node: 1, why: 'w' }),
  lease('warn', { fact: 'clock-awaited', node: 1, why: 'w' }),
  lease('warn', { fact: 'clock-off', node: 1, byMs: 2, by: 'a peer' }),
  lease('warn', { fact: 'clock-level', was: 'fine', ...standing }),
  lease('warn', { fact: 'clock-source', source: 'chrony', answers: false, detail: 'd' }),
  lease('warn', { fact: 'stalled', forMs: 2_000 }),
  lease('warn', { fact: 'clock-stepped', byMs: 2 }),
  lease('debug', { fact: 'beacon', ...beacon }),
  lease('warn', { fact: 'lost', node: 1, why: 'w' }),
  lease('info', { fact: 'released', node: 1, clean: true }),
  worker('info', { at: 'serving' }),
  worker('warn', { at: 'suspended', why: 'lease' }),
  worker('info', { at: 'draining' }),
  worker('info', { at: 'stopped' }),
  worker('error', { at: 'halted', code: 'INTERNAL' }),
];

interface Line extends Record<string, unknown> {
  readonly level: string;
  readonly msg: string;
}

function linesOf(least: Level, facts: readonly Fact[]): Line[] {
  const lines: string[] = [];
  const log = createLog(least, () => 0, { write: (line) => void lines.push(line) });
  for (const fact of facts) logFact(log, fact);
  return lines.map((line) => JSON.parse(line) as Line);
}

describe('facts as log lines', () => {
  it.each(FACTS.map(({ level, told }) => [told.room, nameOf(told), level, told] as const))(
    '%s: %s is told at %s, on one line, with its fields',
    (room, name, level, told) => {
      const [line, ...rest] = linesOf('debug', [told]);
      expect(rest).toEqual([]);
      expect(line).toMatchObject({ level, msg: room === 'worker' ? `phase ${name}` : `${room}: ${name}` });
    },
  );

  it('by default there is no line per record, request or transaction that went well', () => {
    const often = FACTS.filter(({ level }) => level === 'debug').map(({ told }) => told);
    expect(often.length).toBeGreaterThan(10);
    expect(linesOf('info', often)).toEqual([]);
  });

  it('no line has a field that could hold a payload or sounds like a secret', () => {
    const lines = linesOf(
      'debug',
      FACTS.map(({ told }) => told),
    );
    expect(lines).toHaveLength(FACTS.length);
    const fields = new Set(lines.flatMap((line) => Object.keys(line)));
    expect(
      [...fields].filter((field) => /password|secret|token|^key|value|headers?$|payload|bytes$/i.test(field)),
    ).toEqual(['bytes']);
    for (const { bytes = 0 } of lines) expect(typeof bytes).toBe('number');
  });

  it('a change of phase says from where, to where and why', () => {
    expect(linesOf('info', [worker('warn', { at: 'suspended', why: 'clock' }).told])).toMatchObject([
      { phase: { at: 'suspended', why: 'clock' }, was: 'serving', why: 'w' },
    ]);
  });
});

function nameOf({ room, fact }: Fact): string {
  return room === 'worker' ? fact.to.at : fact.fact;
}
