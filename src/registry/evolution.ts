import type { SchemaType } from '../stamp/schema/derive.ts';
import type { Compatibility } from './port.ts';
import { avroTypeOf } from './avro-types.ts';
import { jsonValidatorOf } from './judge-json.ts';
import { protobufEvolutionProblems } from './evolution-protobuf.ts';
import { whyOf, type JudgedSchemas } from './verdict.ts';

/** Two versions of one schema. */
export interface Step {
  readonly type: SchemaType;
  readonly older: string;
  readonly newer: string;
  readonly referenced: JudgedSchemas['referenced'];
  /** JSON: events by which versions are compared. */
  readonly examples: readonly unknown[];
}

/**
 * What is wrong with going from one version to the next, at a compatibility level; empty: nothing. BACKWARD: who reads by the newer reads
 * what the older wrote; FORWARD: the other way; FULL: both.
 */
export function evolutionProblems(step: Step, level: Compatibility): string[] {
  const backward = level.startsWith('BACKWARD') || level.startsWith('FULL');
  const forward = level.startsWith('FORWARD') || level.startsWith('FULL');
  try {
    if (step.type === 'PROTOBUF') return level === 'NONE' ? [] : protobufEvolutionProblems(step);
    return [
      ...(backward
        ? readProblems(step, step.newer, step.older, 'the newer version does not read the older: ')
        : []),
      ...(forward
        ? readProblems(step, step.older, step.newer, 'the older version does not read the newer: ')
        : []),
    ];
  } catch (error) {
    return [`cannot be compiled: ${whyOf(error)}`];
  }
}

function readProblems(step: Step, reader: string, writer: string, says: string): string[] {
  const problem =
    step.type === 'AVRO' ? avroProblem(step, reader, writer) : jsonProblem(step, reader, writer);
  return problem === undefined ? [] : [says + problem];
}

/** avsc's resolver, by the rules of schema resolution in the Avro specification. */
function avroProblem({ referenced }: Step, reader: string, writer: string): string | undefined {
  const [by, of] = [avroTypeOf(reader, referenced), avroTypeOf(writer, referenced)];
  try {
    by.createResolver(of);
    return undefined;
  } catch (error) {
    return whyOf(error);
  }
}

/** What schemas allow cannot be compared in general; what they say about the examples can. */
function jsonProblem({ examples, referenced }: Step, reader: string, writer: string): string | undefined {
  const [by, of] = [jsonValidatorOf(reader, referenced), jsonValidatorOf(writer, referenced)];
  const index = examples.findIndex((example) => of(example) && !by(example));
  if (index < 0) return undefined;
  by(examples[index]);
  const [first] = by.errors ?? [];
  return `example ${index + 1}: ${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}`;
}
