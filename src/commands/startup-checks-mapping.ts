import { numberIn, type Finding, type Judged } from './finding.ts';
import { commonFindings, subjectOf, type TopicFacts } from './startup-checks.ts';

/** More than one mapping ever takes: prefix and legacy ID at their longest, ID and lengths. */
const ENTRY_BYTES = 4_096;
/** Mappings have the times of their IDs, which are those of now but for a lead. */
const LEAST_AFTER_MS = 60_000;

/**
 * Everything worth saying about a mapping topic, good or bad. PURE. A topic that does not compact grows for ever or forgets, and so does
 * not hold what a mapping is there for: `fail`.
 */
export function mappingFindings(topic: TopicFacts): readonly Finding[] {
  return [...commonFindings(topic, true), ...policy(topic), ...times(topic), ...size(topic)];
}

const finding = (
  topic: TopicFacts,
  found: string,
  level: Finding['level'],
  { why, remedy }: { readonly why: string; readonly remedy: string },
): Judged => [
  level === 'ok'
    ? { level, subject: subjectOf(topic), found, remedy: '' }
    : { level, subject: subjectOf(topic), found: `${found}: ${why}`, remedy },
];

function policy(topic: TopicFacts): Judged {
  const value = topic.settings?.get('cleanup.policy');
  if (typeof value !== 'string') return [];
  const words = value.split(',').map((word) => word.trim());
  const found = `cleanup.policy is ${value}`;
  if (!words.includes('compact'))
    return finding(topic, found, 'fail', {
      why: 'mappings would be deleted by age, or kept for ever, instead of the last one of each legacy ID',
      remedy: 'set cleanup.policy=compact',
    });
  return finding(topic, found, words.includes('delete') ? 'warn' : 'ok', {
    why: 'legacy IDs older than the retention are forgotten',
    remedy: 'set cleanup.policy=compact, unless that is meant',
  });
}

function times(topic: TopicFacts): Judged {
  const type = topic.settings?.get('message.timestamp.type');
  const afterMs = numberIn(topic.settings, 'message.timestamp.after.max.ms');
  return [
    ...(typeof type === 'string'
      ? finding(topic, `message.timestamp.type is ${type}`, type === 'CreateTime' ? 'ok' : 'warn', {
          why: 'a mapping would not have the time of its ID, which tells the later one of two partitions',
          remedy: 'set message.timestamp.type=CreateTime',
        })
      : []),
    ...(afterMs === undefined
      ? []
      : finding(
          topic,
          `message.timestamp.after.max.ms is ${afterMs}`,
          afterMs < LEAST_AFTER_MS ? 'warn' : 'ok',
          {
            why: 'a broker whose clock is behind would refuse mappings, and stop their partitions',
            remedy: `set it to ${LEAST_AFTER_MS} or more`,
          },
        )),
  ];
}

function size(topic: TopicFacts): Judged {
  const bytes = numberIn(topic.settings, 'max.message.bytes');
  if (bytes === undefined) return [];
  return finding(topic, `max.message.bytes is ${bytes}`, bytes < ENTRY_BYTES ? 'warn' : 'ok', {
    why: 'the mapping of a long legacy ID would be refused, and stop its partition',
    remedy: `set it to ${ENTRY_BYTES} or more`,
  });
}
