import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { provideEtcd } from '../../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../../deploy/local/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { initCommand } from '../../../src/commands/init.ts';
import type { InitOptions } from '../../../src/commands/init.ts';
import { EtcdStore } from '../../../src/lease/etcd.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';

// Bounds a hang; no test waits for it.
jest.setTimeout(60_000);

describe('snowstamp init', () => {
  let etcd: EtcdBackend;

  beforeAll(async () => {
    etcd = await provideEtcd();
  }, 180_000);

  afterAll(async () => {
    await etcd[Symbol.asyncDispose]();
  });

  async function init(
    prefix: string,
    changes: Partial<InitOptions> = {},
  ): Promise<{ exit: number; text: string }> {
    const lines: string[] = [];
    const options = { etcd: { endpoints: etcd.endpoints }, prefix, layout: DEFAULT_LAYOUT, ...changes };
    const exit = await initCommand(options, systemClock, (line) => lines.push(line));
    return { exit, text: lines.join('\n') };
  }

  it('makes 1,024 windows and the domain, says what to configure, and changes nothing the second time', async () => {
    const prefix = `/init/${randomUUID()}`;
    const first = await init(prefix);
    expect(first).toMatchObject({ exit: 0, text: expect.stringContaining('1024 windows made') });
    const id = /id: (\S+)/.exec(first.text)![1]!;
    const second = await init(prefix);
    expect(second).toMatchObject({ exit: 0, text: expect.stringContaining('nothing changed') });
    expect(second.text).toContain(`id: ${id}`);
    const other = await init(prefix, { layout: { ...DEFAULT_LAYOUT, epochMs: 0 } });
    expect(other).toMatchObject({ exit: 78, text: expect.stringContaining('layout.epochMs: wanted 0') });
    const store = new EtcdStore({ endpoints: etcd.endpoints, tryMs: 2_000 }, systemClock);
    const answer = await store.look([{ do: 'list', prefix: `${prefix}/window/` }]);
    expect(answer.at === 'answered' && answer.value.found[0]).toHaveLength(1_024);
    store.close();
  });

  it('says so when etcd does not answer', async () => {
    const { exit, text } = await init('/x', { etcd: { endpoints: ['http://127.0.0.1:1'] } });
    expect({ exit, text }).toEqual({ exit: 69, text: expect.stringContaining('STORE_UNREACHABLE') });
  });
});
