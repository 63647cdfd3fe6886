import { systemClock } from '../../src/clock.ts';
import { verifyCommand } from '../../src/commands/verify.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Target } from './settings.ts';

/** What `snowstamp verify --json` answers, and its exit code. */
export async function verify(target: Pick<Target, 'bootstrap' | 'etcd' | 'groupId' | 'routes'>): Promise<{
  readonly exit: number;
  readonly report: unknown;
}> {
  const { bootstrap, etcd, groupId, routes } = target;
  const text = JSON.stringify({
    kafka: { bootstrap, groupId },
    etcd: { endpoints: etcd },
    routes: routes.map(asConfigured),
  });
  const readFile = (): string => '';
  const loaded = loadConfig({ yaml: { text, name: 'test' }, env: {}, readFile, nowMs: Date.now() });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes));
  const lines: string[] = [];
  const exit = await verifyCommand({
    config: loaded.config,
    route: undefined,
    json: true,
    clock: systemClock,
    readFile,
    terminal: process.stderr,
    out: (line) => {
      lines.push(line);
    },
  });
  return { exit, report: JSON.parse(lines.join('\n')) };
}

type GivenRoute = Target['routes'][number];

/** A route of a worker as a configuration has it: keys that mean nothing for its format are refused there. */
function asConfigured({ stamp, ...route }: GivenRoute): object {
  if (stamp === undefined) return route;
  const { header, existing, value } = stamp;
  if (value === undefined) return { ...route, stamp: { header, existing } };
  const { format, wire, shape, field, fieldNumber, nullable } = value;
  const ofFormat = {
    json: { shape },
    avro: shape === 'flat' ? { shape, nullable } : { shape },
    protobuf: { fieldNumber },
  };
  return { ...route, stamp: { in: 'value', header, existing, format, wire, field, ...ofFormat[format] } };
}
