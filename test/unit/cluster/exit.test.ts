import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { API, FakeBroker, SILENT } from './fake-broker.ts';

const PROGRAM = fileURLToPath(new URL('exit-program.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** Runs the program against `broker`; kills it if it has not ended by itself once `patience` resolves. */
async function run(
  broker: FakeBroker,
  mode: 'close' | 'leave-open',
  patience?: Promise<unknown>,
): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, broker.bootstrap, mode], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  void patience?.then(() => child.kill('SIGKILL'));
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, output });
    });
  });
}

describe('after close the process ends by itself: no socket, no timer is left', () => {
  it('with a request in flight, a dial under way and a coordinator being looked for', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, SILENT).on(API.findCoordinator, SILENT).on(API.metadata, SILENT);
    const ended = await run(broker, 'close');
    expect(ended).toEqual({ code: 0, signal: null, output: 'closed: closed closed closed, open: \n' });
  });

  it('control: without close it is still there while the broker holds its sockets', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, SILENT).on(API.findCoordinator, SILENT).on(API.metadata, SILENT);
    const busy = broker.until(() => broker.count(API.findCoordinator) > 0 && broker.count(API.metadata) > 0);
    const ended = await run(broker, 'leave-open', busy);
    expect(ended.signal).toBe('SIGKILL');
  });
});
