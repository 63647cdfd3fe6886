import { execFile } from 'node:child_process';
import type { ClockSource, Measured } from '../external-clock.ts';

/** chronyc(1), `-c tracking`: numbers of the comma-separated fields. */
const FIELD = { referenceId: 0, systemTimeS: 4, rootDelayS: 10, rootDispersionS: 11, leap: 13 } as const;
/** chrony's own clock as its reference: nobody outside is followed (`local` mode). */
const LOCAL = '7F7F0101';

/** The chronyd of this host, asked with its own client: the best local truth there is. */
export function chronySource(command: string): ClockSource {
  return {
    name: 'chrony',
    measure: async (signal) => readTracking(await run(command, signal)),
  };
}

/**
 * PURE. Error of the system clock as chronyd knows it: what is left to correct, and within root dispersion plus half the
 * root delay of that the truth. A positive system time is a clock that is slow.
 * @throws Error when the text is no answer of `chronyc -c tracking`
 */
export function readTracking(text: string): Measured {
  const fields = text.trim().split('\n').at(-1)!.split(',');
  const seconds = (field: number): number => {
    const value = fields[field]?.trim() ?? '';
    if (!/^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(value)) throw new Error('no answer of chronyc -c tracking');
    return Number(value);
  };
  const aheadMs = -seconds(FIELD.systemTimeS) * 1_000;
  const boundMs = (seconds(FIELD.rootDispersionS) + seconds(FIELD.rootDelayS) / 2) * 1_000;
  const leap = fields[FIELD.leap]?.trim();
  const synchronised =
    leap !== undefined && leap !== 'Not synchronised' && fields[FIELD.referenceId] !== LOCAL;
  return { aheadMs, boundMs, synchronised };
}

function run(command: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, ['-c', 'tracking'], { signal, killSignal: 'SIGKILL' }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} failed (${String(error.code ?? error.signal ?? error.name)})`));
    });
  });
}
