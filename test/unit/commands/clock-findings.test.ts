import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { clockFindings } from '../../../src/commands/clock-findings.ts';
import { ManualClock } from '../lease/manual-clock.ts';

const RULES = { maxErrorMs: 250, refuseOffsetMs: 2_000 };
const servers: Server[] = [];

/** A node_exporter whose kernel clock is slow by this. */
async function exporter(offsetS: number, status = 1): Promise<string> {
  const server = createServer((_, response) => {
    response.end(
      `node_timex_offset_seconds ${offsetS}\nnode_timex_maxerror_seconds 0.01\nnode_timex_sync_status ${status}\n`,
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

const look = (nodeExporterUrl: string) =>
  clockFindings({ nodeExporterUrl, everyMs: 30_000 }, RULES, new ManualClock());

describe('what doctor hears from the clock sources', () => {
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it.each([
    ['a clock that is right', 0.002, 1, 'ok', 'ahead by -2.0 ms ± 10.0 ms', ''],
    ['a clock nobody vouches for', 0.3, 1, 'warn', 'ahead by -300.0 ms ± 10.0 ms', 'clock.maxErrorMs 250'],
    ['a clock that is wrong for certain', 5, 1, 'fail', 'ahead by -5000.0 ms ± 10.0 ms', 'set the clock'],
    ['a source that does not know', 0, 0, 'warn', 'not synchronised', 'is it there'],
  ] as const)('%s', async (_, offsetS, status, level, found, remedy) => {
    const [finding] = await look(await exporter(offsetS, status));
    expect(finding).toMatchObject({ level, found, remedy: expect.stringContaining(remedy) });
    expect(finding?.subject).toMatch(/^clock by node_exporter 127\.0\.0\.1:/);
  });

  it('a source that is not there', async () => {
    const url = await exporter(0);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(await look(url)).toMatchObject([{ level: 'warn', found: 'does not answer' }]);
  });

  it('none configured is told, with what to set', async () => {
    expect(await clockFindings(undefined, RULES, new ManualClock())).toMatchObject([
      { level: 'warn', subject: 'clock sources', remedy: expect.stringContaining('clock.sources') },
    ]);
  });
});
