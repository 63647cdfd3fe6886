import type { Clock } from '../../clock.ts';
import type { ClockSource, Measured } from '../external-clock.ts';

/**
 * The kernel's view of its own clock (adjtimex(2)) through the Prometheus node_exporter of this host: what containers can
 * reach. One HTTP GET; `?collect[]=timex&collect[]=time` keeps it small.
 */
export function nodeExporterSource(url: string, clock: Clock): ClockSource {
  return {
    name: `node_exporter ${new URL(url).host}`,
    measure: async (signal) => {
      const sentMs = clock.now().wallMs;
      const response = await fetch(url, { signal }).catch(() => {
        throw new Error('does not answer');
      });
      if (!response.ok) throw new Error(`answers ${response.status}`);
      const text = await response.text();
      return readTimex(text, { sentMs, answeredMs: clock.now().wallMs });
    },
  };
}

/**
 * PURE. `node_timex_offset_seconds` is what the kernel has yet to add to its clock: positive is a clock that is slow. Where
 * `node_time_seconds` shows that the exporter's clock is not ours (another host, a faked clock), that difference is added.
 * @throws Error when a metric is missing
 */
export function readTimex(
  text: string,
  asked: { readonly sentMs: number; readonly answeredMs: number },
): Measured {
  const secondsOf = (name: string): number | undefined => {
    const match = new RegExp(`^${name}(?:\\{[^}\\n]*\\})? (\\S+)`, 'm').exec(text);
    const value = match === null ? Number.NaN : Number(match[1]);
    return Number.isFinite(value) ? value : undefined;
  };
  const needed = (name: string): number => {
    const value = secondsOf(name);
    if (value === undefined) throw new Error(`${name} is missing: enable the timex collector`);
    return value;
  };
  const apart = apartMs(secondsOf('node_time_seconds'), asked);
  return {
    aheadMs: apart.byMs - needed('node_timex_offset_seconds') * 1_000,
    boundMs: apart.boundMs + needed('node_timex_maxerror_seconds') * 1_000,
    synchronised: needed('node_timex_sync_status') === 1,
  };
}

/** Our wall clock ahead of the exporter's; nothing where its reading lies between ours before and after. */
function apartMs(
  theirsS: number | undefined,
  { sentMs, answeredMs }: { readonly sentMs: number; readonly answeredMs: number },
): { byMs: number; boundMs: number } {
  if (theirsS === undefined) return { byMs: 0, boundMs: 0 };
  const theirsMs = theirsS * 1_000;
  if (theirsMs >= sentMs - 1 && theirsMs <= answeredMs + 1) return { byMs: 0, boundMs: 0 };
  return { byMs: (sentMs + answeredMs) / 2 - theirsMs, boundMs: (answeredMs - sentMs) / 2 };
}
