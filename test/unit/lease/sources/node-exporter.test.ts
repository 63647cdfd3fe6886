import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nodeExporterSource, readTimex } from '../../../../src/lease/sources/node-exporter.ts';
import { ManualClock } from '../manual-clock.ts';

const WALL_MS = Date.UTC(2026, 0, 1);
const asked = { sentMs: WALL_MS, answeredMs: WALL_MS + 10 };

const page = ({ offset = '-0.0012', maxError = '0.0305', sync = '1', time }: Record<string, string> = {}) =>
  [
    '# HELP node_timex_maxerror_seconds Maximum error in seconds.',
    '# TYPE node_timex_maxerror_seconds gauge',
    `node_timex_maxerror_seconds ${maxError}`,
    `node_timex_offset_seconds ${offset}`,
    `node_timex_sync_status ${sync}`,
    ...(time === undefined ? [] : [`node_time_seconds ${time}`]),
    'node_timex_tick_seconds 0.01',
  ].join('\n');

describe('what node_exporter says of the kernel’s clock', () => {
  it('an offset still to be taken off is a clock ahead; the bound is the kernel’s maximum error', () => {
    const { aheadMs, boundMs, synchronised } = readTimex(page(), asked);
    expect([aheadMs, boundMs]).toEqual([expect.closeTo(1.2), expect.closeTo(30.5)]);
    expect(synchronised).toBe(true);
    expect(readTimex(page({ offset: '4e-05' }), asked).aheadMs).toBeCloseTo(-0.04);
  });

  it('a kernel that is not synchronised knows nothing', () => {
    expect(readTimex(page({ sync: '0' }), asked).synchronised).toBe(false);
  });

  it.each(['node_timex_maxerror_seconds', 'node_timex_offset_seconds', 'node_timex_sync_status'])(
    'without %s it says which collector to enable',
    (metric) => {
      expect(() => readTimex(page().replaceAll(metric, 'x'), asked)).toThrow(
        `${metric} is missing: enable the timex collector`,
      );
    },
  );

  it('an exporter whose own clock is another one: the difference counts', () => {
    const same = String((WALL_MS + 5) / 1_000);
    expect(readTimex(page({ time: same }), asked).aheadMs).toBeCloseTo(1.2);
    const { aheadMs, boundMs } = readTimex(page({ time: String((WALL_MS - 3_600_000) / 1_000) }), asked);
    expect(aheadMs).toBeCloseTo(3_600_000 + 5 + 1.2, 0);
    expect(boundMs).toBeCloseTo(30.5 + 5);
  });
});

describe('the HTTP GET', () => {
  let server: Server;
  let answer: { status: number; text: string } | 'hang';

  beforeEach(async () => {
    answer = { status: 200, text: page() };
    server = createServer((_, response) => {
      if (answer !== 'hang') response.writeHead(answer.status).end(answer.text);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const source = () => {
    const { port } = server.address() as AddressInfo;
    return nodeExporterSource(`http://127.0.0.1:${port}/metrics`, new ManualClock(WALL_MS));
  };

  it('is read, and named by its host', async () => {
    expect(source().name).toMatch(/^node_exporter 127\.0\.0\.1:\d+$/);
    expect(await source().measure(new AbortController().signal)).toMatchObject({ synchronised: true });
  });

  it('that is refused, or is never answered, is a reason', async () => {
    answer = { status: 404, text: '' };
    await expect(source().measure(new AbortController().signal)).rejects.toThrow('answers 404');
    answer = 'hang';
    const done = new AbortController();
    const hanging = source().measure(done.signal);
    done.abort();
    await expect(hanging).rejects.toThrow('does not answer');
  });
});
