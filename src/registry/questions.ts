import { errorCodeOf, messageOf, type HttpAnswer, type RegistryHttp } from './http.ts';
import { answered, refusedAs, unavailable, type Answer, type NewSchema, type Unavailable } from './port.ts';

/** One attempt each; nobody waits for ever, since a request has a bound of its own. */
const NEVER = new AbortController().signal;

/** Registers the schema, or finds it where it is registered already. */
export async function registerSchema(
  registry: RegistryHttp,
  subject: string,
  schema: NewSchema,
  signal: AbortSignal = NEVER,
): Promise<Answer<number>> {
  const path = `/subjects/${encodeURIComponent(subject)}/versions`;
  return idIn(await registry.ask('POST', path, bodyOf(schema), signal), 'SCHEMA_REFUSED', [400, 409, 422]);
}

/** The ID of a schema by its text and references, under a subject. */
export async function findSchema(
  registry: RegistryHttp,
  subject: string,
  schema: NewSchema,
  signal: AbortSignal = NEVER,
): Promise<Answer<number>> {
  const path = `/subjects/${encodeURIComponent(subject)}`;
  return idIn(await registry.ask('POST', path, bodyOf(schema), signal), 'SCHEMA_NOT_REGISTERED', [404]);
}

/** `decided`: the statuses by which a registry, and nothing before it, says no. */
function idIn(
  answer: HttpAnswer,
  code: 'SCHEMA_REFUSED' | 'SCHEMA_NOT_REGISTERED',
  decided: readonly number[],
): Answer<number> {
  const { status, body } = answer;
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined;
  if (status === 200 && typeof id === 'number') return answered(id);
  return decided.includes(status) && errorCodeOf(answer) !== undefined
    ? refusedAs(code, messageOf(answer))
    : unavailable(messageOf(answer));
}

/** A schema as it is posted. AVRO is not said: registries older than the other types do not know the word. */
const bodyOf = ({ type, text, references }: NewSchema): object => ({
  schema: text,
  ...(type === 'AVRO' ? {} : { schemaType: type }),
  ...(references.length === 0 ? {} : { references }),
});

/** What a registry says about a schema it does not hold yet. */
export type CompatibilityVerdict =
  | { readonly at: 'compatible' }
  | { readonly at: 'incompatible'; readonly messages: readonly string[] }
  /** There is no version to be compatible with. */
  | { readonly at: 'new' }
  | Unavailable;

/** Asks without registering anything; the client library has no such question. */
export async function compatibilityVerdict(
  registry: RegistryHttp,
  subject: string,
  schema: NewSchema,
  signal: AbortSignal = NEVER,
): Promise<CompatibilityVerdict> {
  const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`;
  const answer = await registry.ask('POST', path, bodyOf(schema), signal);
  const { status, body } = answer;
  if (status === 404 && errorCodeOf(answer) !== undefined) return { at: 'new' };
  if (status === 422) return { at: 'incompatible', messages: [messageOf(answer)] };
  if (status !== 200 || !isVerdict(body)) return unavailable(messageOf(answer));
  if (body.is_compatible) return { at: 'compatible' };
  const messages = (body.messages ?? []).map((message) => String(message).slice(0, 500));
  return { at: 'incompatible', messages: messages.length === 0 ? ['incompatible'] : messages };
}

const isVerdict = (body: unknown): body is { is_compatible: boolean; messages?: readonly unknown[] } =>
  typeof body === 'object' &&
  body !== null &&
  'is_compatible' in body &&
  typeof body.is_compatible === 'boolean';

/** One version of a subject. */
export interface HeldVersion extends NewSchema {
  readonly version: number;
}

export type HeldVersions =
  /** Oldest first; none for a subject the registry does not know. */
  { readonly at: 'held'; readonly versions: readonly HeldVersion[] } | Unavailable;

/** Every version the registry holds of a subject. */
export async function heldVersions(
  registry: RegistryHttp,
  subject: string,
  signal: AbortSignal = NEVER,
): Promise<HeldVersions> {
  const path = `/subjects/${encodeURIComponent(subject)}/versions`;
  const list = await registry.ask('GET', path, undefined, signal);
  if (list.status === 404 && errorCodeOf(list) !== undefined) return { at: 'held', versions: [] };
  if (list.status !== 200 || !Array.isArray(list.body)) return unavailable(messageOf(list));
  const versions: HeldVersion[] = [];
  for (const version of (list.body as unknown[]).map(Number).toSorted((a, b) => a - b)) {
    const answer = await registry.ask('GET', `${path}/${version}`, undefined, signal);
    const schema = schemaIn(answer.body);
    if (answer.status !== 200 || schema === undefined) return unavailable(messageOf(answer));
    versions.push({ ...schema, version });
  }
  return { at: 'held', versions };
}

function schemaIn(body: unknown): NewSchema | undefined {
  if (typeof body !== 'object' || body === null || !('schema' in body) || typeof body.schema !== 'string')
    return undefined;
  const { schemaType = 'AVRO', references } = body as {
    schemaType?: NewSchema['type'];
    references?: NewSchema['references'] | null;
  };
  return { type: schemaType, text: body.schema, references: references ?? [] };
}
