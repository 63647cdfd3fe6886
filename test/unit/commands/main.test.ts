import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** The program as a user starts it; `before` runs in its process first. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}, before = '') {
  const preload = before === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(before)}`];
  const child = spawn(process.execPath, [...preload, MAIN, ...args], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const over = once(child, 'close').then(([code, signal]: unknown[]) => ({ code, signal, stderr }));
  return { child, over };
}

describe('what nobody caught (exit codes)', () => {
  it.each(["throw new Error('planted')", "Promise.reject(new Error('planted'))"])(
    '%s ends with INTERNAL and its code, not with 1: that says verify found a difference',
    async (plant) => {
      const { over } = start(['decode', '1'], {}, `process.once('beforeExit', () => { ${plant} })`);
      const { code, stderr } = await over;
      expect(code).toBe(70);
      expect(stderr).toMatch(/^INTERNAL: Error: planted/);
    },
    30_000,
  );

  it('control: without it the same command ends well', async () => {
    expect(await start(['decode', '1']).over).toMatchObject({ code: 0, stderr: '' });
  }, 30_000);
});

describe('a command that has nothing to drain', () => {
  it('ends at the first Ctrl-C, however long its brokers keep silent', async () => {
    await using silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const routes = JSON.stringify([{ name: 'r', input: 'i', output: 'o' }]);
    const { child, over } = start(['verify'], {
      SNOWSTAMP_KAFKA__BOOTSTRAP: `127.0.0.1:${port}`,
      SNOWSTAMP_ETCD__ENDPOINTS: 'http://127.0.0.1:1',
      SNOWSTAMP_ROUTES: routes,
    });
    const [socket] = (await once(silent, 'connection')) as [NodeJS.Socket & { destroy(): void }];
    child.kill('SIGINT');
    expect(await over).toMatchObject({ code: null, signal: 'SIGINT' });
    socket.destroy();
  }, 30_000);
});
