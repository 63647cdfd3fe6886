import { epochInFuture, layoutMistakes } from '../snowflake/layout.ts';
import { layoutOf, leaseTimesOf } from './derived.ts';
import { rule, when, type Rule } from './rule.ts';

/** What the ID and who may mint it: domain, lease, clock. The lease's own rules are tied to these by a test. */
const domain = rule(['domain'], (sections, nowMs) => {
  const { datacenter } = sections.domain;
  const layout = layoutOf(sections);
  const future = epochInFuture(layout, nowMs);
  const wrong = [...layoutMistakes(layout), ...(future === undefined ? [] : [future])];
  return [
    ...wrong.flatMap((problem) => when(true, 'domain.layout', problem, 'keep what snowstamp init pinned')),
    ...when(
      datacenter >= 2 ** layout.datacenterBits,
      'domain.datacenter',
      `${datacenter} does not fit ${layout.datacenterBits} bits`,
      `use 0 … ${2 ** layout.datacenterBits - 1}`,
    ),
  ];
});

const lease = rule(['lease'], (sections) => {
  const { ttlS, windowMs, refreshMs } = leaseTimesOf(sections);
  const marginMs = Math.min(5_000, Math.max(500, ttlS * 100));
  const longestMs = ttlS * 1_000 - marginMs;
  return [
    ...when(ttlS < 5 || ttlS > 3_600, 'lease.ttlS', `${ttlS} s`, 'use 5 … 3,600'),
    ...when(
      windowMs > longestMs,
      'lease.windowMs',
      `${windowMs} ms reaches beyond the lease (${ttlS} s less a margin of ${marginMs} ms)`,
      `use at most ${longestMs}`,
    ),
    ...when(
      refreshMs > windowMs / 3,
      'lease.refreshMs',
      `${refreshMs} ms is more than a third of the window`,
      `use at most ${Math.floor(windowMs / 3)}`,
    ),
  ];
});

/** Each pair in rising order: the lesser consequence first. */
const RISING = [
  ['absorbBackMs', 'holdBackMs'],
  ['noticeForwardMs', 'forwardStepMs'],
  ['warnOffsetMs', 'notReadyOffsetMs'],
  ['notReadyOffsetMs', 'refuseOffsetMs'],
  // Else a source would vouch for a clock that most peers call wrong.
  ['maxErrorMs', 'refuseOffsetMs'],
] as const;

const clock = rule(['clock'], ({ clock: settings }) =>
  RISING.flatMap(([lower, upper]) =>
    when(
      settings[lower] > settings[upper],
      `clock.${lower}`,
      `${settings[lower]} ms is above ${upper} ${settings[upper]}`,
      'lower it',
    ),
  ),
);

const SERVER = /^(?:\[[0-9a-fA-F:]+\]|[^:\s/@[\]]+)(?::(\d{1,5}))?$/;

const sources = rule(['clock'], ({ clock: { sources: named, maxUnsynchronisedMs } }) => {
  if (named === undefined) return [];
  const { chronyCommand, nodeExporterUrl, ntpServers, everyMs } = named;
  const url = nodeExporterUrl === undefined ? undefined : new URL(nodeExporterUrl);
  return [
    ...when(
      chronyCommand === undefined && nodeExporterUrl === undefined && ntpServers === undefined,
      'clock.sources',
      'names no source',
      'give chronyCommand, nodeExporterUrl or ntpServers, or leave it out',
    ),
    ...when(
      url !== undefined && url.username + url.password !== '',
      'clock.sources.nodeExporterUrl',
      'holds a user name or a password',
      'node_exporter of this host needs none: drop it',
    ),
    ...(ntpServers ?? []).flatMap((server, i) => {
      const match = SERVER.exec(server);
      const port = Number(match?.[1] ?? 123);
      return when(
        match === null || port < 1 || port > 65_535,
        `clock.sources.ntpServers[${i}]`,
        'is no address of a server',
        'write host, host:port or [IPv6]:port',
      );
    }),
    ...when(
      everyMs > maxUnsynchronisedMs,
      'clock.sources.everyMs',
      `${everyMs} ms is above maxUnsynchronisedMs ${maxUnsynchronisedMs}`,
      'lower it',
    ),
  ];
});

export const identityRules: readonly Rule[] = [domain, lease, clock, sources];
