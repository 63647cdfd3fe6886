import type { Clock } from '../../clock.ts';
import type { GuardRules } from '../clock-guard.ts';
import { ExternalClock } from '../external-clock.ts';
import type { ClockSource, SourceFact } from '../external-clock.ts';
import { chronySource } from './chrony.ts';
import { nodeExporterSource } from './node-exporter.ts';
import { ntpSource } from './ntp.ts';

/** What is asked for the time, and how often. */
export interface ClockSourceSettings {
  /** Name or path of chronyc. */
  readonly chronyCommand?: string | undefined;
  /** Address of the metrics of this host's node_exporter. */
  readonly nodeExporterUrl?: string | undefined;
  /** `host`, `host:port` or `[v6]:port`; together one source. */
  readonly ntpServers?: readonly string[] | undefined;
  readonly everyMs: number;
}

export function clockSourcesOf(settings: ClockSourceSettings, clock: Clock): ClockSource[] {
  const { chronyCommand, nodeExporterUrl, ntpServers } = settings;
  return [
    ...(chronyCommand === undefined ? [] : [chronySource(chronyCommand)]),
    ...(nodeExporterUrl === undefined ? [] : [nodeExporterSource(nodeExporterUrl, clock)]),
    ...(ntpServers === undefined ? [] : [ntpSource(ntpServers, clock)]),
  ];
}

/** Asks the sources from now on, until the signal aborts. */
export function openExternalClock(
  settings: ClockSourceSettings,
  rules: Pick<GuardRules, 'maxErrorMs' | 'refuseOffsetMs'>,
  { clock, observe }: { readonly clock: Clock; readonly observe: (fact: SourceFact) => void },
  signal: AbortSignal,
): ExternalClock {
  const sources = clockSourcesOf(settings, clock);
  const external = new ExternalClock(sources, clock, { everyMs: settings.everyMs, ...rules }, observe);
  void external.run(signal);
  return external;
}
