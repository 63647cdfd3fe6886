import type { SchemaType } from '../stamp/schema/derive.ts';
import type { Placement, Shape } from '../stamp/schema/derived.ts';
import type { IndexPath } from '../stamp/schema/protobuf.ts';

/** What an event is evidence of. */
export type Verdict =
  | { readonly at: 'proven' }
  /** The event breaks its own schema in a way that says nothing about ours, such as a JSON event that is not valid. */
  | { readonly at: 'no-evidence' }
  /** The event cannot be read by its own schema. */
  | { readonly at: 'unreadable'; readonly why: string }
  /** The stamped event is not the original plus the ID. */
  | { readonly at: 'differs'; readonly why: string };

/** Decodes both payloads (what stands behind the wire prefix) and compares; does not throw. */
export type Judge = (original: Uint8Array, stamped: Uint8Array, id: bigint) => Verdict;

/** Both schemas, as text, and what they refer to. */
export interface JudgedSchemas {
  readonly type: SchemaType;
  readonly original: string;
  readonly stamped: string;
  readonly referenced: readonly { readonly name: string; readonly text: string }[];
  readonly path: IndexPath;
  readonly placement: Placement;
}

export const PROVEN: Verdict = { at: 'proven' };
export const differs = (why: string): Verdict => ({ at: 'differs', why });
export const unreadable = (error: unknown): Verdict => ({
  at: 'unreadable',
  why: `not readable by its own schema: ${whyOf(error)}`,
});

export const whyOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 200);

/** The event within what was read of a stamped one. */
export function eventIn(read: Record<string, unknown>, shape: Shape): unknown {
  return shape === 'envelope' ? read['event'] : read;
}
