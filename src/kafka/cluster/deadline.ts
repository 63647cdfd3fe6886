import type { Clock } from '../../clock.ts';

/**
 * `work`, or a rejection after `ms` or when `signal` aborts. `work` itself goes on: the caller destroys what it rests
 * on, and its late outcome is dropped.
 */
export async function within<T>(ms: number, work: Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const overdue = clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => {
    if (!done.signal.aborted) throw new Error(signal.aborted ? 'given up' : `no answer within ${ms} ms`);
    return work;
  });
  try {
    return await Promise.race([work, overdue]);
  } finally {
    done.abort();
    overdue.catch(() => undefined);
  }
}
