import type { Derived } from '../stamp/schema/derived.ts';

export type SubjectStrategy = 'topic' | 'topicRecord' | 'record';

export type Subject =
  { readonly at: 'named'; readonly subject: string } | { readonly at: 'refused'; readonly message: string };

/**
 * Where the stamped schema belongs (Confluent's TopicName, TopicRecordName and RecordName strategies). Under RecordName a subject is
 * named by the record alone: a flat stamp keeps the name, and would become a version of the upstream's own subject. Only a nullable
 * field can live there. PURE.
 */
export function subjectOf(
  strategy: SubjectStrategy,
  output: string,
  derived: Extract<Derived, { kind: 'derived' }>,
  nullable: boolean,
): Subject {
  if (strategy === 'topic') return { at: 'named', subject: `${output}-value` };
  const { name } = derived;
  if (name === undefined || name === '') {
    return {
      at: 'refused',
      message: `the schema has no name, and subjects are named by it: use registry.subjectStrategy topic`,
    };
  }
  if (strategy === 'topicRecord') return { at: 'named', subject: `${output}-${name}` };
  return derived.nameIsUpstreams && !nullable
    ? {
        at: 'refused',
        message: `${name} is the subject of the plain events as well: use envelope or nullable, or registry.subjectStrategy topic`,
      }
    : { at: 'named', subject: name };
}
