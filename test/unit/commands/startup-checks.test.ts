import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inOrder, linesOf, numberIn, type Finding } from '../../../src/commands/finding.ts';
import { clockFinding, refuseClockBeforeRelease } from '../../../src/commands/release.ts';
import { brokerFindings } from '../../../src/commands/startup-checks-broker.ts';
import { routeFindings, type RouteFacts, type TopicFacts } from '../../../src/commands/startup-checks.ts';

/** Kafka's defaults, with what production should set. */
const SETTINGS = {
  'message.timestamp.type': 'CreateTime',
  'retention.ms': '604800000',
  'min.insync.replicas': '2',
  'unclean.leader.election.enable': 'false',
  'cleanup.policy': 'delete',
  'max.message.bytes': '1048588',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.after.max.ms': '3600000',
};

interface Changes {
  readonly settings?: Readonly<Record<string, string | null | undefined>>;
  readonly partitions?: number;
  readonly factor?: number;
}

function topic(name: string, { settings = {}, partitions = 6, factor = 3 }: Changes = {}): TopicFacts {
  const replicas = Array.from({ length: factor }, (_, i) => i);
  return {
    ...{ topic: name, partitions },
    replicas: Array.from({ length: partitions }, (_, partition) => ({
      ...{ partition, leader: 0, replicas, inSync: replicas },
    })),
    settings: new Map(Object.entries({ ...SETTINGS, ...settings })),
  };
}

const route = (changes: { input?: Changes; output?: Changes; deadLetter?: Changes } = {}): RouteFacts => ({
  input: topic('in', changes.input),
  output: topic('out', changes.output),
  deadLetter: topic('dead', {
    ...changes.deadLetter,
    settings: { 'max.message.bytes': '2097152', ...changes.deadLetter?.settings },
  }),
});

const amiss = (facts: RouteFacts): string[] =>
  routeFindings(facts)
    .filter(({ level }) => level !== 'ok')
    .map(({ level, subject, found }) => `${level} ${subject}: ${found}`);

describe('topics of a route (data-path rule 17)', () => {
  it('topics as production should have them give nothing but ok, and something of it', () => {
    expect(amiss(route())).toEqual([]);
    expect(routeFindings(route()).length).toBeGreaterThan(10);
  });

  it.each<[string, Parameters<typeof route>[0], string]>([
    [
      'LogAppendTime on the output makes P4 false: refused',
      { output: { settings: { 'message.timestamp.type': 'LogAppendTime' } } },
      'fail topic out: message.timestamp.type is LogAppendTime',
    ],
    [
      'on the dead-letter topic it is a warning: the original time is in a header',
      { deadLetter: { settings: { 'message.timestamp.type': 'LogAppendTime' } } },
      'warn topic dead: message.timestamp.type is LogAppendTime',
    ],
    [
      'a shorter retention deletes old events at once',
      { output: { settings: { 'retention.ms': '604799999' } } },
      'warn topic out: retention.ms is 604799999',
    ],
    [
      'any retention is shorter than none',
      { input: { settings: { 'retention.ms': '-1' } } },
      'warn topic out: retention.ms is 604800000',
    ],
    [
      'more in-sync replicas than there are replicas: no write ever succeeds, refused',
      { output: { factor: 1 } },
      'fail topic out: min.insync.replicas is 2 of 1 replica: ',
    ],
    [
      'one replica',
      { output: { factor: 1, settings: { 'min.insync.replicas': '1' } } },
      'warn topic out: min.insync.replicas is 1 of 1 replica: ',
    ],
    [
      'one acknowledgement of three',
      { deadLetter: { settings: { 'min.insync.replicas': '1' } } },
      'warn topic dead: min.insync.replicas is 1 of 3 replicas: ',
    ],
    [
      'no replica to spare',
      { output: { factor: 2 } },
      'warn topic out: min.insync.replicas is 2 of 2 replicas: ',
    ],
    [
      'unclean leaders, on the input too',
      { input: { settings: { 'unclean.leader.election.enable': 'true' } } },
      'warn topic in: unclean.leader.election.enable is true',
    ],
    ['too few partitions', { output: { partitions: 5 } }, 'warn topic out: 5 partitions, the input has 6'],
    [
      'a compacted output of an input that is not',
      { output: { settings: { 'cleanup.policy': 'compact,delete' } } },
      'warn topic out: cleanup.policy is compact,delete',
    ],
    [
      'dead letters larger than their topic allows',
      { deadLetter: { settings: { 'max.message.bytes': '1048588' } } },
      "warn topic dead: max.message.bytes is 1048588, the input's 1048588: a large event",
    ],
    [
      'stamped records larger than the output allows',
      {
        input: { settings: { 'max.message.bytes': '2000000' } },
        deadLetter: { settings: { 'max.message.bytes': '2008192' } },
      },
      'warn topic out: max.message.bytes is 1048588',
    ],
    [
      'a stricter limit on timestamps (KIP-937)',
      { output: { settings: { 'message.timestamp.after.max.ms': '1000' } } },
      'warn topic out: message.timestamp.after.max.ms is 1000',
    ],
  ])('%s', (_, changes, expected) => {
    expect(amiss(route(changes))).toEqual([expect.stringContaining(expected)]);
  });

  it('retention does not matter where nothing is deleted, nor compaction where the input is compacted', () => {
    const compact = { settings: { 'cleanup.policy': 'compact', 'retention.ms': '1' } };
    expect(amiss(route({ input: compact, output: compact }))).toEqual([]);
  });

  it('a missing topic and one that may not be described are told, and judged in nothing else', () => {
    const facts = {
      ...{ input: topic('in'), deadLetter: undefined },
      output: { topic: 'out', partitions: undefined, replicas: [], settings: undefined },
    };
    expect(amiss(facts)).toEqual([expect.stringContaining('warn topic out: does not exist')]);
    const hidden = { ...facts, output: { ...facts.output, partitions: 6 } };
    expect(amiss(hidden)).toEqual([expect.stringContaining('warn topic out: its settings cannot be read')]);
  });

  it('whatever the brokers answer: nothing throws, and everything amiss has a remedy', () => {
    const value = fc.oneof(fc.string(), fc.constant(null), fc.integer().map(String));
    const settings = fc.record(Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, value])), {
      requiredKeys: [],
    });
    const changes = fc.record({ settings, partitions: fc.nat(3), factor: fc.nat(3) });
    fc.assert(
      fc.property(changes, changes, changes, (input, output, deadLetter) => {
        for (const { level, remedy } of routeFindings(route({ input, output, deadLetter })))
          expect(remedy === '').toBe(level === 'ok');
      }),
    );
  });
});

describe('brokers (data-path rule 17)', () => {
  const ours = { transactionTimeoutMs: 10_000, sessionTimeoutMs: 10_000 };
  const broker = (settings: Record<string, string>) =>
    brokerFindings({ nodeId: 1, settings: new Map(Object.entries(settings)) }, ours);

  it.each([
    ['transaction.max.timeout.ms', '9999', '10000', 'fail'],
    ['group.max.session.timeout.ms', '9999', '10000', 'fail'],
    ['group.min.session.timeout.ms', '10001', '10000', 'fail'],
    ['transaction.partition.verification.enable', 'false', 'true', 'warn'],
  ])('%s=%s is told, control: %s is fine', (name, bad, good, level) => {
    expect(broker({ [name]: bad })).toEqual([
      expect.objectContaining({ level, subject: 'broker 1', remedy: expect.stringMatching(/./) }),
    ]);
    expect(broker({ [name]: good })).toEqual([expect.objectContaining({ level: 'ok' })]);
  });

  it('a broker that may not be described is a warning', () => {
    expect(brokerFindings({ nodeId: 1, settings: undefined }, ours)).toMatchObject([{ level: 'warn' }]);
  });
});

describe('the clock', () => {
  it('before the release it is refused: CLOCK_BEFORE_BUILD', () => {
    expect(clockFinding(0)).toMatchObject({ level: 'fail' });
    expect(() => {
      refuseClockBeforeRelease(Date.parse('2025-12-31T23:59:59.999Z'));
    }).toThrow(expect.objectContaining({ code: 'CLOCK_BEFORE_BUILD' }));
    expect(clockFinding(Date.parse('2026-01-01T00:00:00Z'))).toMatchObject({ level: 'ok' });
  });
});

describe('findings as a table', () => {
  const finding = (level: Finding['level'], subject: string, remedy = ''): Finding => ({
    ...{ level, subject, found: 'so', remedy },
  });

  it('the worst comes first, the same comes once, remedies stand under what they are for', () => {
    const all = [
      finding('ok', 'a'),
      finding('fail', 'long', 'mend it'),
      finding('ok', 'a'),
      finding('warn', 'b', 'look'),
    ];
    expect(linesOf(inOrder(all))).toEqual([
      'fail  long  so',
      '            → mend it',
      'warn  b     so',
      '            → look',
      'ok    a     so',
    ]);
    expect(linesOf([])).toEqual([]);
  });

  it('a setting that is no number is none', () => {
    const settings = new Map<string, string | null>([
      ['a', '-1'],
      ['b', ''],
      ['c', 'x1'],
      ['d', null],
    ]);
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => numberIn(settings, name))).toEqual([
      -1,
      ...Array.from({ length: 4 }, () => undefined),
    ]);
  });
});
