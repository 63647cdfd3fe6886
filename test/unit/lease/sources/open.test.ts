import { describe, expect, it } from '@jest/globals';
import type { SourceFact } from '../../../../src/lease/external-clock.ts';
import { clockSourcesOf, openExternalClock } from '../../../../src/lease/sources/open.ts';
import { ManualClock } from '../manual-clock.ts';

describe('clock sources out of settings', () => {
  const settings = {
    chronyCommand: '/nowhere/chronyc',
    nodeExporterUrl: 'http://127.0.0.1:1/metrics',
    ntpServers: ['a', 'b:124'],
    everyMs: 30_000,
  };

  it('one each, the NTP servers together; none that is not named', () => {
    const clock = new ManualClock();
    const names = clockSourcesOf(settings, clock).map(({ name }) => name);
    expect(names).toEqual(['chrony', 'node_exporter 127.0.0.1:1', 'ntp a b:124']);
    expect(clockSourcesOf({ everyMs: 30_000 }, clock)).toEqual([]);
  });

  it('opened they are asked at once, and what they say is told', async () => {
    const over = new AbortController();
    const told = Promise.withResolvers<SourceFact>();
    openExternalClock(
      { chronyCommand: '/nowhere/chronyc', everyMs: 30_000 },
      { maxErrorMs: 250, refuseOffsetMs: 2_000 },
      { clock: new ManualClock(), observe: told.resolve },
      over.signal,
    );
    expect(await told.promise).toMatchObject({ source: 'chrony', answers: false });
    over.abort();
  });
});
