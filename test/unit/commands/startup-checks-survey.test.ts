import { describe, expect, it } from '@jest/globals';
import { checkLateTopics } from '../../../src/commands/startup-checks-later.ts';
import { kafkaFindings, refuseUnfit } from '../../../src/commands/startup-checks-survey.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { SnowstampError } from '../../../src/errors.ts';
import type { Admin, Settings } from '../../../src/kafka/cluster/admin.ts';
import { LinkError, type Cluster, type TopicMetadata } from '../../../src/kafka/cluster/port.ts';
import type { Log } from '../../../src/ops/log.ts';

const config = configSchema.parse({
  etcd: { endpoints: ['http://e:2379'] },
  kafka: { bootstrap: ['k:9092'] },
  routes: [
    { name: 'a', input: 'in', output: 'out', deadLetter: 'dead' },
    { name: 'b', input: 'in2', output: 'out2', deadLetter: 'dead' },
  ],
});

const settings: Settings = new Map([
  ['message.timestamp.type', 'LogAppendTime'],
  ['transaction.max.timeout.ms', '1'],
]);

function surroundings(answers: Partial<Record<'topic' | 'broker', () => Promise<Settings>>> = {}) {
  const asked: string[] = [];
  const topics = new Map(
    ['in', 'out', 'in2', 'dead'].map((topic): [string, TopicMetadata] => [
      topic,
      {
        ...{ topic, topicId: 'f'.repeat(32), error: 0 },
        partitions: [{ partition: 0, leader: 1, leaderEpoch: 0, error: 0 }],
      },
    ]),
  );
  const cluster = {
    watch: () => undefined,
    refresh: () => Promise.resolve(),
    topic: (name: string) => topics.get(name),
    nodes: () => [{ nodeId: 1, host: 'k', port: 9092 }],
  } as unknown as Cluster;
  const admin = {
    describeConfigs: (topic: string) => {
      asked.push(topic);
      return answers.topic?.() ?? Promise.resolve(settings);
    },
    describeBroker: () => answers.broker?.() ?? Promise.resolve(settings),
    fetchTopicMetadata: () => Promise.resolve([]),
  } as unknown as Admin;
  const slept: number[] = [];
  const clock = {
    now: () => ({ wallMs: 0, monotonicMs: 0 }),
    // Time passes at once for whoever waits, after those who have something to say.
    sleep: async (ms: number) => {
      slept.push(ms);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    },
  };
  return { topics, asked, slept, parts: { config, cluster, admin, clock } };
}

function recorded(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const log: Log = {
    write: (level, message) => {
      lines.push(`${level} ${message}`);
    },
    child: () => log,
  };
  return { log, lines };
}

describe('the checks before the first event', () => {
  it('ask about each topic once and about none that does not exist: asking could create it', async () => {
    const { asked, parts } = surroundings();
    await kafkaFindings(parts);
    expect(asked.sort()).toEqual(['dead', 'in', 'in2', 'out']);
  });

  it('refuse the start with all failures at once, and log the warnings', async () => {
    const { parts } = surroundings();
    const { log, lines } = recorded();
    const findings = await kafkaFindings(parts);
    expect(() => {
      refuseUnfit(findings, log);
    }).toThrow(
      expect.objectContaining({
        code: 'PREFLIGHT_FAILED',
        message: expect.stringMatching(/transaction\.max\.timeout\.ms is 1,.*topic out: .*LogAppendTime/),
      }),
    );
    expect(lines).toContainEqual(expect.stringContaining('warn preflight: topic out2: does not exist'));
    expect(lines.filter((line) => line.includes('topic dead: message.timestamp.type'))).toHaveLength(1);
  });

  it('rights that are lacking and brokers that do not answer within five seconds are warnings: work can begin', async () => {
    const refused = (): Promise<Settings> => Promise.reject(new SnowstampError('KAFKA_REFUSED', 'no'));
    const silent = (): Promise<Settings> => new Promise(() => undefined);
    const { slept, parts } = surroundings({ topic: refused, broker: silent });
    const { log, lines } = recorded();
    refuseUnfit(await kafkaFindings(parts), log);
    expect(lines).toContainEqual(expect.stringContaining('topic out: its settings cannot be read'));
    expect(lines).toContainEqual(expect.stringContaining('broker 1: its settings cannot be read'));
    expect(new Set(slept)).toEqual(new Set([5_000]));
  });
});

describe('topics that come late', () => {
  it('are checked once the cluster knows them, as soon as a broker can be asked, and then refused like any other', async () => {
    const { topics, parts } = surroundings();
    const { log } = recorded();
    let refreshes = 0;
    const refresh = (): Promise<void> => {
      refreshes++;
      return refreshes === 1
        ? Promise.reject(new LinkError('unreachable', -1, 'gone for a moment'))
        : Promise.resolve();
    };
    let looks = 0;
    const clock = {
      ...parts.clock,
      sleep: (ms: number) => {
        if (ms === 250 && ++looks === 3) topics.set('out2', { ...topics.get('out')!, topic: 'out2' });
        return parts.clock.sleep(ms);
      },
    };
    const late = { ...parts, clock, cluster: { ...parts.cluster, refresh } };
    await expect(checkLateTopics(late, log, new AbortController().signal)).rejects.toMatchObject({
      code: 'PREFLIGHT_FAILED',
      message: expect.stringContaining('topic out2: message.timestamp.type is LogAppendTime'),
    });
    expect([looks, refreshes]).toEqual([4, 2]);
  });

  it('that never come keep nobody from stopping; with none missing nothing is waited for', async () => {
    const { topics, slept, parts } = surroundings();
    const { log } = recorded();
    await checkLateTopics(parts, log, AbortSignal.abort());
    expect(slept).toEqual([250]);
    topics.set('out2', topics.get('out')!);
    await checkLateTopics(parts, log, new AbortController().signal);
    expect(slept).toEqual([250]);
  });
});
