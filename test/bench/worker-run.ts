/** One process that takes events from a topic: how fast, and for how much CPU. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Admin } from 'kafkajs';

const TICKS_PER_SECOND = 100;
const POLL_MS = 20;
const LIMIT_MS = 60_000;

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export interface Measured {
  readonly eventsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssMb: number;
}

/** User and system CPU of one process so far, in seconds (Linux). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const peakRssMb = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

async function committed(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return found?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) ?? 0;
}

/** From the first commit seen (start-up apart) until `events` are committed, or what was done when the time is up. */
export async function measure(
  admin: Admin,
  args: readonly string[],
  groupId: string,
  topic: string,
  events: number,
): Promise<Measured> {
  const child = spawn(process.execPath, ['--single-threaded-gc', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, QUIET: '1', NODE_ENV: 'production' },
  });
  const pid = child.pid!;
  const startedMs = performance.now();
  let first: { ms: number; events: number; cpu: number } | undefined;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${args[0]!} ended with ${child.exitCode}`);
    const done = await committed(admin, groupId, topic);
    const now = { ms: performance.now(), events: done, cpu: cpuSeconds(pid) };
    if (done > 0) first ??= now;
    const late = now.ms - startedMs > LIMIT_MS;
    if (first !== undefined && first !== now && (done >= events || late)) {
      if (late) say(`  (only ${done} of ${events} within ${LIMIT_MS / 1_000} s)`);
      const measured = {
        eventsPerSecond: ((now.events - first.events) / (now.ms - first.ms)) * 1_000,
        cpuSecondsPerMillion: ((now.cpu - first.cpu) / (now.events - first.events)) * 1e6,
        peakRssMb: peakRssMb(pid),
      };
      child.kill('SIGKILL');
      await once(child, 'exit');
      return measured;
    }
    if (late) throw new Error(`${args[0]!} committed nothing within ${LIMIT_MS / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
export const combine = (runs: readonly Measured[]): Measured => ({
  eventsPerSecond: median(runs.map((r) => r.eventsPerSecond)),
  cpuSecondsPerMillion: median(runs.map((r) => r.cpuSecondsPerMillion)),
  peakRssMb: Math.max(...runs.map((r) => r.peakRssMb)),
});

export function print(
  name: string,
  { eventsPerSecond, cpuSecondsPerMillion, peakRssMb: rss }: Measured,
  spread: readonly Measured[],
): void {
  const range = spread.map((r) => Math.round(r.eventsPerSecond / 1_000)).join(' ');
  say(
    `  ${name.padEnd(14)} ${String(Math.round(eventsPerSecond / 1_000)).padStart(6)} k/s   ${cpuSecondsPerMillion.toFixed(2).padStart(6)} CPU s/M   ${rss.toFixed(0).padStart(4)} MB   (runs: ${range} k/s)`,
  );
}
