import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mappingFindings } from '../../../src/commands/startup-checks-mapping.ts';
import type { TopicFacts } from '../../../src/commands/startup-checks.ts';

const SETTINGS = {
  'cleanup.policy': 'compact',
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.after.max.ms': '3600000',
  'max.message.bytes': '1048588',
  'min.insync.replicas': '2',
  'unclean.leader.election.enable': 'false',
};
const topic = (settings: Readonly<Record<string, string | null>> = {}): TopicFacts => ({
  ...{ topic: 'ids', partitions: 1 },
  replicas: [{ partition: 0, leader: 0, replicas: [0, 1, 2], inSync: [0, 1, 2] }],
  settings: new Map(Object.entries({ ...SETTINGS, ...settings })),
});
const amiss = (facts: TopicFacts): string[] =>
  mappingFindings(facts)
    .filter(({ level }) => level !== 'ok')
    .map(({ level, subject, found }) => `${level} ${subject}: ${found}`);

describe('a mapping topic (data-path rule 17)', () => {
  it('control: as it should be, nothing is amiss, and something was looked at', () => {
    expect(amiss(topic())).toEqual([]);
    expect(mappingFindings(topic()).length).toBeGreaterThan(4);
  });

  it.each<[string, Record<string, string>, string]>([
    ['that deletes is refused', { 'cleanup.policy': 'delete' }, 'fail topic ids: cleanup.policy is delete'],
    [
      'that compacts and deletes forgets',
      { 'cleanup.policy': 'compact,delete' },
      'warn topic ids: cleanup.policy is compact,delete: legacy IDs older than the retention are forgotten',
    ],
    [
      'that has times of its own',
      { 'message.timestamp.type': 'LogAppendTime' },
      'warn topic ids: message.timestamp.type is LogAppendTime',
    ],
    [
      'that takes no time ahead of its own',
      { 'message.timestamp.after.max.ms': '1' },
      'warn topic ids: message.timestamp.after.max.ms is 1',
    ],
    [
      'too narrow for a long ID',
      { 'max.message.bytes': '2000' },
      'warn topic ids: max.message.bytes is 2000',
    ],
    [
      'that one broker may lose',
      { 'min.insync.replicas': '1' },
      'warn topic ids: min.insync.replicas is 1 of 3',
    ],
  ])('%s', (_, settings, expected) => {
    expect(amiss(topic(settings))).toEqual([expect.stringContaining(expected)]);
  });

  it('that is missing, or may not be described, is told, and judged in nothing else', () => {
    const facts = { topic: 'ids', partitions: undefined, replicas: [], settings: undefined };
    expect(amiss(facts)).toEqual([expect.stringContaining('warn topic ids: does not exist')]);
    expect(amiss({ ...facts, partitions: 1 })).toEqual([
      expect.stringContaining('warn topic ids: its settings cannot be read'),
    ]);
  });

  it('whatever the brokers answer: nothing throws, and everything amiss has a remedy', () => {
    const value = fc.oneof(fc.string(), fc.constant(null), fc.integer().map(String));
    fc.assert(
      fc.property(
        fc.record(Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, value]))),
        (settings) => {
          for (const { level, remedy } of mappingFindings(topic(settings)))
            expect(remedy === '').toBe(level === 'ok');
        },
      ),
    );
  });
});
