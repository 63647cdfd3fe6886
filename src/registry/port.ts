import type { ValueRefusal } from '../stamp/refusal.ts';

/** How the registry is reached. */
export interface RegistrySettings {
  /** http(s)://host:port and a path, without a slash at its end. */
  readonly url: string;
  readonly auth:
    | { readonly kind: 'none' }
    | { readonly kind: 'basic'; readonly username: string; readonly password: string }
    | { readonly kind: 'bearer'; readonly token: string };
  /** PEM; undefined: the system's authorities, no client certificate. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  /** Bound of one request. */
  readonly timeoutMs: number;
}

export interface SchemaReference {
  /** What the schema calls it. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as the registry holds it. */
export interface FetchedSchema {
  /** `AVRO`, `JSON`, `PROTOBUF`, or what the registry has besides. */
  readonly type: string;
  readonly text: string;
  readonly references: readonly SchemaReference[];
  /** Everything referred to, directly or not; what another refers to stands before it. */
  readonly referenced: readonly { readonly name: string; readonly text: string }[];
  /** Types of the rules (data contracts) that change what is on the wire, such as ENCRYPT_PAYLOAD. */
  readonly encodingRules: readonly string[];
  readonly domainRules: readonly string[];
}

export interface NewSchema {
  readonly type: 'AVRO' | 'JSON' | 'PROTOBUF';
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

/**
 * What one attempt came to. `refused`: the registry has decided, about this schema. `unavailable`: it has not; asking again may help.
 * Neither holds a secret.
 */
export type Answer<T> =
  | { readonly at: 'answered'; readonly value: T }
  | { readonly at: 'refused'; readonly code: ValueRefusal; readonly message: string }
  | Unavailable;

export interface Unavailable {
  readonly at: 'unavailable';
  readonly why: string;
}

export type Compatibility =
  'NONE' | 'BACKWARD' | 'BACKWARD_TRANSITIVE' | 'FORWARD' | 'FORWARD_TRANSITIVE' | 'FULL' | 'FULL_TRANSITIVE';

/** What is asked of a registry; every method is one attempt, ends when `signal` aborts, and never rejects. */
export interface RegistryClient {
  fetch(schemaId: number, signal: AbortSignal): Promise<Answer<FetchedSchema>>;
  /** Registers the schema, or finds it where it is registered already; the answer is its ID. */
  register(
    subject: string,
    schema: NewSchema,
    compatibility: Compatibility,
    signal: AbortSignal,
  ): Promise<Answer<number>>;
  /** The ID of a schema that must be registered under the subject. */
  find(subject: string, schema: NewSchema, signal: AbortSignal): Promise<Answer<number>>;
  close(): void;
}

export const answered = <T>(value: T): Answer<T> => ({ at: 'answered', value });
export const unavailable = (why: string): Unavailable => ({ at: 'unavailable', why });
export const refusedAs = (code: ValueRefusal, message: string): Answer<never> => ({
  at: 'refused',
  code,
  message,
});
