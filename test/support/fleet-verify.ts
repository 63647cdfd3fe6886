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
  const text = JSON.stringify({ kafka: { bootstrap, groupId }, etcd: { endpoints: etcd }, routes });
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
