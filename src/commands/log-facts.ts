import type { Fact } from '../assemble.ts';
import type { Level, Log } from '../ops/log.ts';
import type { Phase } from '../lifecycle.ts';

type Told = Exclude<Fact, { readonly room: 'worker' }>;

/**
 * What is told at another level than `info`. `debug`: told once per request, transaction or record, and counted by a metric;
 * such a line is there for whoever looks for one, and no default log has a line per event. `warn`: goes on by itself, but
 * somebody may want to know why. `error`: waits for somebody.
 */
const LEVELS: { readonly [Room in Told['room']]: Readonly<Partial<Record<NameOf<Room>, Level>>> } = {
  pipeline: {
    fetched: 'debug',
    minted: 'debug',
    committed: 'debug',
    'dead-letter': 'debug',
    retried: 'debug',
    sidelined: 'warn',
    stuck: 'warn',
    recovering: 'warn',
    floor: 'warn',
    stopped: 'error',
  },
  transaction: {
    begun: 'debug',
    produced: 'debug',
    'offsets-added': 'debug',
    'offsets-committed': 'debug',
    ended: 'debug',
    retried: 'debug',
    doubtful: 'warn',
  },
  membership: {
    retried: 'debug',
    'heartbeat-failed': 'warn',
    'session-overdue': 'warn',
    lost: 'warn',
    fatal: 'error',
  },
  registry: { refused: 'warn', unavailable: 'warn', condemned: 'error' },
  lease: {
    granted: 'debug',
    renewed: 'debug',
    beacon: 'debug',
    trouble: 'warn',
    'clock-unproven': 'warn',
    'clock-awaited': 'warn',
    'clock-off': 'warn',
    'clock-stepped': 'warn',
    'clock-level': 'warn',
    'clock-source': 'warn',
    stalled: 'warn',
    lost: 'warn',
  },
};

type NameOf<Room extends Told['room']> = Extract<Told, { readonly room: Room }>['fact']['fact'];

/** One line per transition (and per retry, at debug). */
export function logFact(log: Log, told: Fact): void {
  if (told.room === 'worker') {
    const { from, to, why } = told.fact;
    log.write(phaseLevel(to), `phase ${to.at}`, { phase: to, was: from.at, why });
    return;
  }
  const { fact: name, ...rest } = told.fact;
  log.write(levelOf(told), `${told.room}: ${name}`, rest);
}

function levelOf({ room, fact }: Told): Level {
  if (fact.fact === 'transaction') return fact.result === 'committed' ? 'debug' : 'info';
  const levels: Readonly<Partial<Record<string, Level>>> = LEVELS[room];
  return levels[fact.fact] ?? 'info';
}

function phaseLevel({ at }: Phase): Level {
  if (at === 'halted') return 'error';
  return at === 'suspended' ? 'warn' : 'info';
}
