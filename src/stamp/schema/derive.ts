import { deriveAvro } from './avro.ts';
import type { Derived, Placement } from './derived.ts';
import { deriveJsonSchema } from './json-schema.ts';
import { deriveProtobuf, type IndexPath } from './protobuf.ts';

/** As registries name them; AVRO is what they mean when they say nothing. */
export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF';

/** The schema of the stamped event. `path` counts for Protobuf only. PURE; the same arguments give the same text for ever. */
export function derive(type: SchemaType, text: string, path: IndexPath, placement: Placement): Derived {
  if (type === 'AVRO') return deriveAvro(text, placement);
  return type === 'JSON' ? deriveJsonSchema(text, placement) : deriveProtobuf(text, path, placement);
}
