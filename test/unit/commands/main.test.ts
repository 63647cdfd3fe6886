import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';

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

/** A broker that takes connections and never says a word, and what makes the program ask it. */
async function silence() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = {
    SNOWSTAMP_KAFKA__BOOTSTRAP: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    SNOWSTAMP_ETCD__ENDPOINTS: 'http://127.0.0.1:1',
    SNOWSTAMP_ROUTES: JSON.stringify([{ name: 'r', input: 'i', output: 'o' }]),
  };
  const asked = once(server, 'connection').then(([socket]: unknown[]) => socket as Socket);
  return { server, env, asked };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('signals', () => {
  let program: number | undefined;

  afterEach(() => {
    if (program !== undefined && isAlive(program)) process.kill(program, 'SIGKILL');
  });

  it('a command that has nothing to drain ends at the first Ctrl-C, however long its brokers keep silent', async () => {
    const { server, env, asked } = await silence();
    const { child, over } = start(['verify'], env);
    const socket = await asked;
    child.kill('SIGINT');
    expect(await over).toMatchObject({ code: null, signal: 'SIGINT' });
    socket.destroy();
    server.close();
  }, 30_000);

  it('reach the program through npm run: no worker is left behind when a supervisor ends npm', async () => {
    const stays = `if (process.argv[1]?.endsWith('main.ts')) { setInterval(() => {}, 1e6); console.log(process.pid); }`;
    const npm = spawn('npm', ['run', '--silent', 'snowstamp', '--', 'decode', '1'], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(stays)}` },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [said] = (await once(npm.stdout, 'data')) as [Buffer];
    program = Number(said.toString().split('\n')[0]);
    npm.kill('SIGTERM');
    await once(npm, 'close'); // its output ends with the last process that holds it
    expect(isAlive(program)).toBe(false);
  }, 20_000);
});
