import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chronySource, readTracking } from '../../../../src/lease/sources/chrony.ts';

const tracking = ({ id = 'C0A80001', systemTime = '0.000250000', leap = 'Normal' } = {}) =>
  `${id},ntp.example,3,1700000000.123456789,${systemTime},-0.000003,0.00002,-1.234,0.001,0.05,0.004000000,0.001000000,64.5,${leap}\n`;

describe('chronyc -c tracking', () => {
  it('a clock that is slow is behind; the bound is root dispersion and half the root delay', () => {
    expect(readTracking(tracking())).toEqual({ aheadMs: -0.25, boundMs: 3, synchronised: true });
    expect(readTracking(tracking({ systemTime: '-1.500000000' })).aheadMs).toBe(1_500);
  });

  it.each([
    ['says that it is not synchronised', { leap: 'Not synchronised' }],
    ['follows its own clock', { id: '7F7F0101' }],
  ])('chronyd that %s knows nothing', (_, changes) => {
    expect(readTracking(tracking(changes)).synchronised).toBe(false);
  });

  it.each(['', '506 Cannot talk to daemon\n', 'a,b,c,d,nan,0,0,0,0,0,0,0,0,Normal\n'])(
    'what is no answer is not taken for one: %j',
    (text) => {
      expect(() => readTracking(text)).toThrow('no answer of chronyc');
    },
  );
});

describe('the program', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chronyc-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function script(name: string, body: string): string {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  const measure = (command: string) => chronySource(command).measure(new AbortController().signal);

  it('is asked for tracking as comma-separated values', async () => {
    const command = script('good', `[ "$*" = "-c tracking" ] && printf '%s' '${tracking()}'`);
    expect(await measure(command)).toMatchObject({ aheadMs: -0.25, synchronised: true });
  });

  it('that fails, is not there, or hangs is a reason, with its name', async () => {
    await expect(measure(script('bad', 'exit 1'))).rejects.toThrow(/bad failed \(1\)/);
    await expect(measure(join(folder, 'none'))).rejects.toThrow(/none failed \(ENOENT\)/);
    const done = new AbortController();
    const hanging = chronySource(script('hangs', 'exec sleep 60')).measure(done.signal);
    done.abort();
    await expect(hanging).rejects.toThrow(/hangs failed/);
  });
});
