import type { Clock } from '../clock.ts';
import type { GuardRules } from '../lease/clock-guard.ts';
import { ExternalClock } from '../lease/external-clock.ts';
import type { ClockSource } from '../lease/external-clock.ts';
import { clockSourcesOf, type ClockSourceSettings } from '../lease/sources/open.ts';
import type { Finding } from './finding.ts';

type Rules = Pick<GuardRules, 'maxErrorMs' | 'refuseOffsetMs'>;

/** Each clock source by itself: what it says of the clock of this host. Without any, whether one could be had. */
export async function clockFindings(
  settings: ClockSourceSettings | undefined,
  rules: Rules,
  clock: Clock,
): Promise<Finding[]> {
  if (settings !== undefined)
    return Promise.all(clockSourcesOf(settings, clock).map((source) => findingOf(source, rules, clock)));
  const [chrony] = clockSourcesOf({ chronyCommand: 'chronyc', everyMs: 1_000 }, clock);
  const { level, found } = await findingOf(chrony!, rules, clock);
  const subject = 'clock sources';
  return level === 'ok'
    ? [
        {
          ...{ level: 'warn', subject, found: `none is configured, but chrony answers: ${found}` },
          remedy: 'set clock.sources.chronyCommand: chronyc',
        },
      ]
    : [
        {
          ...{ level: 'warn', subject, found: 'none: only other workers can tell that this clock is wrong' },
          remedy: 'set clock.sources: chronyCommand, nodeExporterUrl or ntpServers',
        },
      ];
}

async function findingOf(source: ClockSource, rules: Rules, clock: Clock): Promise<Finding> {
  let said = '';
  const external = new ExternalClock([source], clock, { everyMs: 1_000, ...rules }, ({ detail }) => {
    said = detail;
  });
  const proof = await external.prove();
  const subject = `clock by ${source.name}`;
  const found = said;
  switch (proof.at) {
    case 'proven':
      return { level: 'ok', subject, found, remedy: '' };
    case 'off': {
      const remedy = 'set the clock of this host, and keep it with NTP or PTP: nothing is granted under it';
      return { level: 'fail', subject, found, remedy };
    }
    case 'unavailable': {
      const remedy = `it vouches for nothing: is it there, synchronised, and sure to within clock.maxErrorMs ${rules.maxErrorMs}?`;
      return { level: 'warn', subject, found, remedy };
    }
  }
}
