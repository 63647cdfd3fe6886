import { describe, expect, it } from '@jest/globals';
import { SnowstampError } from '../../src/errors.ts';
import { TopicLimits } from '../../src/topic-limits.ts';

const metadata = (topic: string, error: number) => ({ topic, error, topicId: '', partitions: [] });

/** A cluster whose topics and limits a test changes; a limit of null may not be described. */
function topics(initial: Readonly<Record<string, string | null>>) {
  const limits = new Map(Object.entries(initial));
  const asked: string[] = [];
  const subject = new TopicLimits(
    {
      describeConfigs: (topic) => {
        asked.push(topic);
        const value = limits.get(topic) ?? null;
        return value === null
          ? Promise.reject(new SnowstampError('KAFKA_REFUSED', topic))
          : Promise.resolve(new Map([['max.message.bytes', value]]));
      },
    },
    { topic: (topic) => metadata(topic, limits.has(topic) ? 0 : 3) },
  );
  return { limits, asked, subject };
}

describe('the largest batch an output takes', () => {
  it('is what the topic says; of what is not known nothing is assumed, so that no record is too large for us alone (P7)', async () => {
    const { asked, subject } = topics({ small: '1000', hidden: null });
    await subject.refresh(['small', 'hidden', 'absent']);
    expect(asked).toEqual(['small', 'hidden']);
    expect(subject.maxMessageBytes('small')).toBe(1_000);
    expect(subject.maxMessageBytes('hidden')).toBe(Number.MAX_SAFE_INTEGER);
    expect(subject.maxMessageBytes('absent')).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('follows topics that appear and limits that change, keeps what it knows while nothing is answered, and ends', async () => {
    const { limits, asked, subject } = topics({ early: '1000' });
    const rounds: (() => void)[] = [];
    const clock = {
      now: () => ({ wallMs: 0, monotonicMs: 0 }),
      sleep: (_: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          rounds.push(resolve);
          signal?.addEventListener('abort', () => {
            resolve();
          });
        }),
    };
    const round = async (): Promise<void> => {
      const before = rounds.length;
      rounds.at(-1)!();
      while (rounds.length === before) await Promise.resolve();
    };
    const end = subject.keep(['early', 'late'], clock, 30_000);
    limits.set('late', '5000').set('early', '2000');
    await round();
    expect(['early', 'late'].map((topic) => subject.maxMessageBytes(topic))).toEqual([2_000, 5_000]);
    limits.set('early', null);
    await round();
    expect(subject.maxMessageBytes('early')).toBe(2_000);
    const count = asked.length;
    end();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect([rounds.length, asked.length]).toEqual([3, count]);
  });
});
