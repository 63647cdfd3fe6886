import type { PartitionReplicas, Settings } from '../kafka/cluster/admin.ts';
import { numberIn, type Finding, type Judged } from './finding.ts';

/** What the brokers say about a topic. */
export interface TopicFacts {
  readonly topic: string;
  /** Undefined: there is no such topic (yet). */
  readonly partitions: number | undefined;
  readonly replicas: readonly PartitionReplicas[];
  /** Undefined: they may not be described, or nobody answered. */
  readonly settings: Settings | undefined;
}

export interface RouteFacts {
  readonly input: TopicFacts;
  readonly output: TopicFacts;
  readonly deadLetter: TopicFacts | undefined;
}

/** What every topic that is written to, or read, is asked. PURE. */
export function commonFindings(topic: TopicFacts, isWritten: boolean): Judged {
  if (topic.partitions === undefined) return [missing(topic)];
  const described = topic.settings === undefined ? [undescribed(topic)] : [];
  return [...described, ...unclean(topic), ...(isWritten ? durability(topic) : [])];
}

/**
 * Everything worth saying about the topics of one route (data-path rule 17), good or bad. PURE. `fail` where a promise would
 * be false or nothing could ever be written; `warn` where it hangs on luck, or a partition would stop sooner or later.
 */
export function routeFindings({ input, output, deadLetter }: RouteFacts): readonly Finding[] {
  const written = [output, ...(deadLetter === undefined ? [] : [deadLetter])];
  return [
    ...commonFindings(input, false),
    ...written.flatMap((topic) => commonFindings(topic, true)),
    ...fidelity(output, 'fail'),
    ...(deadLetter === undefined ? [] : fidelity(deadLetter, 'warn')),
    ...width(input, output),
    ...retention(input, output),
    ...compaction(input, output),
    ...atLeastAsInput(input, output, 'max.message.bytes'),
    ...(deadLetter === undefined
      ? []
      : atLeastAsInput(input, deadLetter, 'max.message.bytes', LETTER_HEADERS_BYTES)),
    ...atLeastAsInput(input, output, 'message.timestamp.before.max.ms'),
    ...atLeastAsInput(input, output, 'message.timestamp.after.max.ms'),
  ];
}

export const subjectOf = ({ topic }: TopicFacts): string => `topic ${topic}`;

const missing = (topic: TopicFacts): Finding => ({
  level: 'warn',
  subject: subjectOf(topic),
  found: 'does not exist; its settings are not checked until it does',
  remedy: 'create it, then run snowstamp doctor',
});

const undescribed = (topic: TopicFacts): Finding => ({
  level: 'warn',
  subject: subjectOf(topic),
  found: 'its settings cannot be read, so nothing about them is checked',
  remedy: 'grant DescribeConfigs on it to this user',
});

/** P4: with LogAppendTime the broker replaces the timestamp of every record. */
function fidelity(topic: TopicFacts, level: 'fail' | 'warn'): Judged {
  const type = topic.settings?.get('message.timestamp.type');
  if (typeof type !== 'string') return [];
  return judged(topic, `message.timestamp.type is ${type}`, type === 'CreateTime' ? undefined : level, {
    why: 'the broker would replace the timestamps of the events (P4)',
    remedy: 'set message.timestamp.type=CreateTime',
  });
}

/** P3: what was acknowledged must survive the loss of a broker. */
function durability(topic: TopicFacts): Judged {
  const { replicas, settings } = topic;
  const inSync = numberIn(settings, 'min.insync.replicas');
  if (replicas.length === 0 || inSync === undefined) return [];
  const factor = Math.min(...replicas.map((partition) => partition.replicas.length));
  const found = `min.insync.replicas is ${inSync} of ${factor} replica${factor === 1 ? '' : 's'}`;
  const because = (level: 'warn' | 'fail', why: string, remedy: string): Judged =>
    judged(topic, found, level, { why, remedy });
  if (inSync > factor)
    return because('fail', 'every write is refused', 'add replicas, or lower min.insync.replicas');
  if (factor === 1)
    return because(
      'warn',
      'one lost disk loses acknowledged records (P3)',
      'use 3 replicas and min.insync.replicas=2 in production',
    );
  if (inSync === 1)
    return because(
      'warn',
      'a record may be acknowledged by one broker and lost with it (P3)',
      'set min.insync.replicas=2',
    );
  if (inSync === factor)
    return because(
      'warn',
      'one broker down stops its partitions',
      'use one replica more than min.insync.replicas',
    );
  return judged(topic, found);
}

/** An unclean leader forgets acknowledged records and aborts: P3 for outputs, LOG_DIVERGED for inputs. */
function unclean(topic: TopicFacts): Judged {
  const value = topic.settings?.get('unclean.leader.election.enable');
  if (typeof value !== 'string') return [];
  return judged(topic, `unclean.leader.election.enable is ${value}`, value === 'true' ? 'warn' : undefined, {
    why: 'acknowledged records can be lost (P3)',
    remedy: 'set unclean.leader.election.enable=false',
  });
}

/** Rule 8: output partition = input partition. */
function width(input: TopicFacts, output: TopicFacts): Judged {
  if (input.partitions === undefined || output.partitions === undefined) return [];
  const narrow = output.partitions < input.partitions;
  return judged(
    output,
    `${output.partitions} partitions, the input has ${input.partitions}`,
    narrow ? 'warn' : undefined,
    {
      why: `partitions from ${output.partitions} on stop (OUTPUT_TOO_NARROW)`,
      remedy: `add partitions up to ${input.partitions}`,
    },
  );
}

/** Events keep their timestamps, so a shorter retention by time deletes old ones the moment they are written. */
function retention(input: TopicFacts, output: TopicFacts): Judged {
  const [ours, theirs] = [
    numberIn(output.settings, 'retention.ms'),
    numberIn(input.settings, 'retention.ms'),
  ];
  if (ours === undefined || theirs === undefined || !deletes(output)) return [];
  const shorter = ours !== -1 && (theirs === -1 || ours < theirs);
  return judged(output, `retention.ms is ${ours}, the input's ${theirs}`, shorter ? 'warn' : undefined, {
    why: 'old events would be deleted as soon as they are stamped',
    remedy: `set retention.ms=${theirs}`,
  });
}

const policyOf = ({ settings }: TopicFacts): string => settings?.get('cleanup.policy') ?? '';
const deletes = (topic: TopicFacts): boolean => policyOf(topic).includes('delete');
const compacts = (topic: TopicFacts): boolean => policyOf(topic).includes('compact');

/** A compacted topic refuses records without a key, and forgets all but the last of a key. */
function compaction(input: TopicFacts, output: TopicFacts): Judged {
  if (policyOf(output) === '' || policyOf(input) === '') return [];
  return judged(
    output,
    `cleanup.policy is ${policyOf(output)}, the input's ${policyOf(input)}`,
    compacts(output) && !compacts(input) ? 'warn' : undefined,
    {
      why: 'records without a key are refused, older ones of a key go away and cannot be proven (P8)',
      remedy: 'set cleanup.policy=delete, unless every event has a key and only the last one counts',
    },
  );
}

/** More than the headers of a dead letter ever take (rule 15). */
const LETTER_HEADERS_BYTES = 8_192;

/** Limits the input's records have passed already: the same or a wider one, with room for what is added, lets all of them through. */
function atLeastAsInput(input: TopicFacts, other: TopicFacts, name: string, added = 0): Judged {
  const [ours, theirs] = [numberIn(other.settings, name), numberIn(input.settings, name)];
  if (ours === undefined || theirs === undefined) return [];
  const needed = theirs + added;
  return judged(other, `${name} is ${ours}, the input's ${theirs}`, ours < needed ? 'warn' : undefined, {
    why:
      added === 0
        ? 'what the input accepted may be refused here'
        : 'a large event with its headers on would be refused here, and stop its partition',
    remedy: `set ${name} to ${needed} or more`,
  });
}

/** `level` undefined: all is well. */
function judged(
  topic: TopicFacts,
  found: string,
  level?: 'warn' | 'fail',
  { why, remedy } = { why: '', remedy: '' },
): Judged {
  const subject = subjectOf(topic);
  return [
    level === undefined
      ? { level: 'ok', subject, found, remedy: '' }
      : { level, subject, found: `${found}: ${why}`, remedy },
  ];
}
