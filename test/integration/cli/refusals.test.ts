import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { User } from './program.ts';
import { names, Town } from './town.ts';

let town: Town;

beforeAll(async () => {
  town = await Town.open();
}, 120_000);
afterAll(async () => {
  await town[Symbol.asyncDispose]();
});

describe('what cannot work is refused in words, with the catalogue’s exit code', () => {
  it('another domain than the configured one: 78, both named', async () => {
    await using user = await User.open();
    const given = names();
    const pinned = '11111111-2222-4333-8444-555555555555';
    const config = await user.file('init.yaml', town.config(given));
    const wrong = await user.file('wrong.yaml', town.config(given, { domain: { id: pinned } }));
    expect(await user.snowstamp('init', '-c', config)).toMatchObject({ code: 0 });
    const { code, stdout } = await user.snowstamp('run', '-c', wrong);
    expect(code).toBe(78);
    expect(stdout).toMatch(new RegExp(`DOMAIN_DIFFERS.*wanted ${pinned}, found [0-9a-f-]{36}`));
    expect(await user.snowstamp('doctor', '-c', wrong)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^fail .*DOMAIN_DIFFERS/m),
    });
  }, 30_000);

  it('a file that is no YAML: 78, with the line', async () => {
    await using user = await User.open();
    const config = await user.file('broken.yaml', 'etcd:\n  endpoints: [http://a:1\nkafka: {}\n');
    expect(await user.snowstamp('run', '-c', config)).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/CONFIG_INVALID[^]*(?:line |:)[23]\b/),
    });
    expect(await user.snowstamp('run', '-c', 'nowhere.yaml')).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('nowhere.yaml cannot be read'),
    });
  }, 30_000);

  it('no etcd there: 69, with its address, for init, run and doctor alike', async () => {
    await using user = await User.open();
    const endpoint = `http://127.0.0.1:${await unusedPort()}`;
    const config = await user.file('c.yaml', town.config(names(), { etcd: { endpoints: [endpoint] } }));
    for (const command of ['init', 'run']) {
      const { code, stdout } = await user.snowstamp(command, '-c', config);
      expect([command, code]).toEqual([command, 69]);
      expect(stdout).toContain('STORE_UNREACHABLE');
      expect(stdout).toContain(endpoint.slice('http://'.length));
    }
    expect(await user.snowstamp('doctor', '-c', config)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(new RegExp(`^fail  etcd ${endpoint}`, 'm')),
    });
  }, 30_000);

  it('topics and times under which a promise would be false: 78, all at once (data-path rule 17)', async () => {
    await using user = await User.open();
    const given = names();
    const slow = { sessionTimeoutMs: 1_700_000, heartbeatMs: 3_000, transactionTimeoutMs: 1_000_000 };
    const config = await user.file('c.yaml', town.config(given, { kafka: slow }));
    await town.operator.create(
      { topic: given.input, partitions: 2 },
      { topic: given.output, partitions: 1, config: { 'message.timestamp.type': 'LogAppendTime' } },
    );
    expect(await user.snowstamp('init', '-c', config)).toMatchObject({ code: 0 });
    const { code, stdout } = await user.snowstamp('run', '-c', config);
    expect(code).toBe(78);
    const last = stdout.trimEnd().split('\n').at(-1)!;
    expect(last).toContain('PREFLIGHT_FAILED');
    expect(last).toContain('message.timestamp.type is LogAppendTime');
    expect(last).toContain('transaction.max.timeout.ms is 900000');
    expect(stdout).toContain('1 partitions, the input has 2');
    const doctor = await user.snowstamp('doctor', '-c', config, '--json');
    expect(doctor.code).toBe(1);
    const findings = JSON.parse(doctor.stdout) as { level: string; remedy: string }[];
    expect(findings.filter(({ level }) => level === 'fail')).toHaveLength(2);
    expect(findings.filter(({ level, remedy }) => level !== 'ok' && remedy === '')).toEqual([]);
  }, 30_000);

  it('an output that appears later is checked then: 78, and SIGTERM was not needed', async () => {
    await using user = await User.open();
    const given = names();
    const config = await user.file('c.yaml', town.config(given, { kafka: { metadataRefreshMs: 1_000 } }));
    await town.operator.create({ topic: given.input, partitions: 1 });
    expect(await user.snowstamp('init', '-c', config)).toMatchObject({ code: 0 });
    const worker = user.run(config);
    await worker.line(
      `preflight: topic ${given.output}: does not exist; its settings are not checked until it does`,
    );
    await worker.line('membership: synced');
    const settings = { 'message.timestamp.type': 'LogAppendTime' };
    await town.operator.create({ topic: given.output, partitions: 1, config: settings });
    expect(await worker.ended()).toBe(78);
    expect(worker.lines.at(-1)).toMatchObject({ level: 'error', code: 'PREFLIGHT_FAILED' });
    expect(worker.lines.at(-1)!.msg).toContain('LogAppendTime');
  }, 40_000);

  it('a command line that is none: 64', async () => {
    await using user = await User.open();
    for (const args of [['nonsense'], ['run', '--nonsense'], ['decode'], ['position', '--partition', 'x']])
      expect([args, (await user.snowstamp(...args)).code]).toEqual([args, 64]);
  }, 30_000);
});

describe('decode', () => {
  it('decimal, 0x, sixteen digits, JSON and mistakes, without any configuration', async () => {
    await using user = await User.open();
    const forms = ['4194304', '0x400000', '0000000000400000'];
    const { code, stdout } = await user.snowstamp('decode', '--json', ...forms);
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({
        id: '4194304',
        timestamp: '2024-01-01T00:00:00.001Z',
        node: 0,
      });
    expect((await user.snowstamp('decode', '4194304')).stdout).toMatch(/^sequence {4}0$/m);
    const { code: refused, stdout: says } = await user.snowstamp('decode', '1', 'x'.repeat(99));
    expect(refused).toBe(64);
    expect(says).toContain('id          1');
    expect(says).toContain('argument 2');
  }, 30_000);
});

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
