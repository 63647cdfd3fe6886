import { avroJudge } from './judge-avro.ts';
import { jsonJudge } from './judge-json.ts';
import { protobufJudge } from './judge-protobuf.ts';
import type { Judge, JudgedSchemas } from './verdict.ts';

/**
 * A judge of stamped events that shares no code with the stamp: avsc, ajv and protobufjs read by the schemas themselves.
 * @throws Error what the library has against a schema
 */
export function judgeOf(schemas: JudgedSchemas): Judge {
  if (schemas.type === 'AVRO') return avroJudge(schemas);
  return schemas.type === 'JSON' ? jsonJudge(schemas) : protobufJudge(schemas);
}
