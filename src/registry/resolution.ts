import type { ReadySchema, SchemaWanted } from '../stamp/schema-book.ts';
import type { Placement } from '../stamp/schema/derived.ts';
import { derive, type SchemaType } from '../stamp/schema/derive.ts';
import type { ValueRefusal } from '../stamp/refusal.ts';
import { judgeOf } from './judge.ts';
import { legacyReader } from './legacy-avro.ts';
import {
  unavailable,
  type Answer,
  type Compatibility,
  type FetchedSchema,
  type NewSchema,
  type RegistryClient,
  type Unavailable,
} from './port.ts';
import { subjectOf, type SubjectStrategy } from './subject.ts';
import { whyOf, type Judge } from './verdict.ts';

export interface BookSettings {
  /** Name of the route, for people. */
  readonly route: string;
  /** Topic of the stamped events. */
  readonly output: string;
  /** What the route says its values are. */
  readonly type: SchemaType;
  readonly placement: Placement;
  readonly subjectStrategy: SubjectStrategy;
  readonly registerMode: 'auto' | 'deny';
  readonly compatibility: Compatibility;
  /** Events of each new schema that are compared before they count; 0: none. */
  readonly proveEvents: number;
  readonly negativeTtlMs: number;
  readonly maxSchemas: number;
  /** Avro: the field that holds the legacy ID, on a route that maps one. */
  readonly legacyField?: string | undefined;
  /** Bound of one request. */
  readonly timeoutMs: number;
}

export type Resolution =
  | {
      readonly at: 'ready';
      readonly newSchemaId: number;
      readonly judge: Judge | undefined;
      readonly legacyId: LegacyReader;
    }
  | { readonly at: 'refused'; readonly code: ValueRefusal; readonly message: string }
  | Unavailable;

type LegacyReader = ReadySchema['legacyId'];

type Retried = <T>(act: (signal: AbortSignal) => Promise<Answer<T>>) => Promise<Answer<T>>;

/**
 * From the ID of a schema to the ID of its stamped version: fetch, derive, compile both, register, and fetch what is there now. Nothing is
 * registered that our judges cannot read, as long as events are to be proven; and they are proven by the text readers will be given under
 * the new ID, which is the registry's word and not ours.
 */
export async function resolution(
  { schemaId, messagePath }: SchemaWanted,
  client: RegistryClient,
  settings: BookSettings,
  retried: Retried,
): Promise<Resolution> {
  const answer = await retried((signal) => client.fetch(schemaId, signal));
  if (answer.at !== 'answered') return answer;
  const fetched = answer.value;
  const trap = typeTrap(fetched, settings.type) ?? rulesTrap(fetched);
  if (trap !== undefined) return trap;
  const path = messagePath === '' ? [] : messagePath.split('.').map(Number);
  const derived = derive(settings.type, fetched.text, path, settings.placement);
  if (derived.kind === 'refused')
    return refuse('SCHEMA_NOT_STAMPABLE', `${derived.code}: ${derived.message}`);
  const subject = subjectOf(settings.subjectStrategy, settings.output, derived, settings.placement.nullable);
  if (subject.at === 'refused') return refuse('SCHEMA_NOT_STAMPABLE', subject.message);
  const ours = judgeFor(fetched, { ...fetched, text: derived.text }, path, settings);
  if (ours?.at === 'refused') return ours;
  const legacy = legacyFor(fetched, settings.legacyField);
  if (legacy.at === 'refused') return legacy;
  const schema: NewSchema = { type: settings.type, text: derived.text, references: fetched.references };
  const registered = await retried((signal) =>
    settings.registerMode === 'deny'
      ? client.find(subject.subject, schema, signal)
      : client.register(subject.subject, schema, settings.compatibility, signal),
  );
  if (registered.at !== 'answered') return registered;
  const [newSchemaId, { legacyId }] = [registered.value, legacy];
  if (ours === undefined) return { at: 'ready', newSchemaId, judge: undefined, legacyId };
  const held = await retried((signal) => client.fetch(newSchemaId, signal));
  // A registry of several servers may not know everywhere yet what one of them has just taken.
  if (held.at === 'refused') return unavailable(`stamped schema ${newSchemaId}: ${held.message}`);
  if (held.at !== 'answered') return held;
  const theirs = typeTrap(held.value, settings.type) ?? judgeFor(fetched, held.value, path, settings);
  return theirs?.at === 'refused' ? theirs : { at: 'ready', newSchemaId, judge: theirs?.judge, legacyId };
}

type Refusal = Extract<Resolution, { at: 'refused' }>;

const refuse = (code: ValueRefusal, message: string): Refusal => ({ at: 'refused', code, message });

function typeTrap({ type }: FetchedSchema, wanted: SchemaType): Refusal | undefined {
  return type === wanted
    ? undefined
    : refuse('SCHEMA_NOT_STAMPABLE', `its type is ${type}, and the route says ${wanted}`);
}

/** Behind such rules stands ciphertext: in the whole payload, or in fields that readers of the stamped schema could not decrypt. */
function rulesTrap({ encodingRules, domainRules }: FetchedSchema): Refusal | undefined {
  const encrypting = [...encodingRules, ...domainRules.filter((type) => type.startsWith('ENCRYPT'))];
  return encrypting.length === 0
    ? undefined
    : refuse(
        'SCHEMA_ENCRYPTED',
        `has the rule ${encrypting.join(', ')}, which a derived schema loses: stamp the header`,
      );
}

function judgeFor(
  { text: original, referenced }: FetchedSchema,
  { text: stamped }: FetchedSchema,
  path: readonly number[],
  { type, placement, proveEvents }: BookSettings,
): { readonly at: 'judge'; readonly judge: Judge } | Refusal | undefined {
  if (proveEvents === 0) return undefined;
  try {
    return { at: 'judge', judge: judgeOf({ type, original, stamped, referenced, path, placement }) };
  } catch (error) {
    return refuse(
      'SCHEMA_NOT_STAMPABLE',
      `cannot be compiled, so nothing can be proven about its events: ${whyOf(error)} (registry.proveEvents: 0 stamps them unproven)`,
    );
  }
}

function legacyFor(
  schema: FetchedSchema,
  field: string | undefined,
): { readonly at: 'reader'; readonly legacyId: LegacyReader } | Refusal {
  if (field === undefined) return { at: 'reader', legacyId: undefined };
  try {
    return { at: 'reader', legacyId: legacyReader(schema, field) };
  } catch (error) {
    return refuse(
      'SCHEMA_NOT_STAMPABLE',
      `cannot be compiled, so the legacy ID in ${field} cannot be read: ${whyOf(error)}`,
    );
  }
}
