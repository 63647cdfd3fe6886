/**
 * One worker in a process of its own, as production assembles it. argv[2]: WorkerSettings as JSON. Prints one JSON line per fact, with `t`, the
 * true wall clock in ms.
 * `DIE_AT=<room>:<fact>:<n>` kills the process with SIGKILL inside the n-th such fact: facts are told synchronously at the point
 * they name, so this is the crash at exactly that point, without a hook in the product. `FREEZE_AT` stops it (SIGSTOP) likewise.
 */
import { assemble, type Fact, type WorkerSettings } from '../../src/assemble.ts';
import { systemClock, type Clock } from '../../src/clock.ts';
import { SnowstampError } from '../../src/errors.ts';

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
const clockOffsetMs = Number(process.env['CLOCK_OFFSET_MS'] ?? 0);

const clock: Clock = {
  now: () => {
    const { wallMs, monotonicMs } = systemClock.now();
    return { wallMs: wallMs + clockOffsetMs, monotonicMs };
  },
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
};

const say = (line: object): void => {
  process.stdout.write(
    `${JSON.stringify({ t: Date.now(), ...line }, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`,
  );
};

/** Counts one kind of fact down and then signals this very process. */
function trap(spec: string | undefined, signal: NodeJS.Signals): (fact: Fact) => void {
  if (spec === undefined) return () => undefined;
  const [room, name, count] = spec.split(':');
  let left = Number(count);
  return (fact) => {
    if (fact.room !== room || !('fact' in fact.fact) || fact.fact.fact !== name) return;
    if (fact.fact.fact === 'fetched' && fact.fact.bytes === 0) return; // an empty answer is no point of interest
    left--;
    if (left !== 0) return;
    say({ trapped: spec, signal });
    process.kill(process.pid, signal);
    // SIGSTOP and SIGKILL act at once on the calling thread's process; nothing below runs before SIGCONT.
  };
}

const traps = [trap(process.env['DIE_AT'], 'SIGKILL'), trap(process.env['FREEZE_AT'], 'SIGSTOP')];

const stop = new AbortController();
process.on('SIGTERM', () => {
  stop.abort();
});

const quiet = process.env['QUIET'] === '1';

try {
  await using assembled = await assemble(settings, {
    clock,
    observe: (fact) => {
      if (!quiet) say(fact);
      for (const spring of traps) spring(fact);
    },
    log: (level, message, extra) => {
      if (level !== 'debug') say({ log: level, message, extra });
    },
  });
  await assembled.worker.run(stop.signal);
  say({ ended: 'stopped', cpu: process.cpuUsage(), rss: process.memoryUsage.rss() });
} catch (error) {
  say({
    ended: 'halted',
    code: error instanceof SnowstampError ? error.code : 'INTERNAL',
    why: String(error),
  });
  process.exitCode = 70;
}
