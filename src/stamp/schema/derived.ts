/** What a stamped event's schema is made from. All of it is configuration: the same placement gives the same bytes for ever. */
export interface Placement {
  readonly shape: Shape;
  /** Name of the field that holds the ID. */
  readonly field: string;
  /** Avro only: `["null","long"]` with default null, for a subject that holds unstamped events as well. */
  readonly nullable: boolean;
  /** Protobuf only. */
  readonly fieldNumber: number;
}

/** `flat`: the ID is a field of the event. `envelope`: the event is a field beside the ID. */
export type Shape = 'flat' | 'envelope';

/** Why a schema gets no stamped version; each is a trap of formats.md §2 by name. */
export type SchemaRefusal =
  | 'SCHEMA_UNREADABLE'
  | 'SCHEMA_NOT_A_RECORD'
  | 'SCHEMA_RECURSIVE'
  | 'SCHEMA_FIELD_TAKEN'
  | 'SCHEMA_NAME_TAKEN'
  | 'SCHEMA_REFERENCE'
  | 'SCHEMA_PROPERTY_NAMES'
  | 'SCHEMA_PATTERN_PROPERTIES'
  | 'SCHEMA_CONDITION'
  | 'SCHEMA_CONSTANT'
  | 'SCHEMA_DEPENDENCY'
  | 'SCHEMA_DIALECT'
  | 'SCHEMA_NO_ENVELOPE'
  | 'SCHEMA_NO_SUCH_MESSAGE'
  | 'SCHEMA_INDEX_AMBIGUOUS'
  | 'SCHEMA_GROUP'
  | 'SCHEMA_MESSAGE_SET'
  | 'SCHEMA_NUMBER_TAKEN'
  | 'SCHEMA_NUMBER_RESERVED';

export type Derived =
  | {
      readonly kind: 'derived';
      readonly text: string;
      /** Full name of the record, message or title that holds the ID, for subject strategies; undefined where it has none. */
      readonly name: string | undefined;
      /** That name is the upstream's own, so a subject named by it alone would be the upstream's subject. */
      readonly nameIsUpstreams: boolean;
    }
  | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly code: SchemaRefusal;
  readonly message: string;
}

export const refused = (code: SchemaRefusal, message: string): Refused => ({
  kind: 'refused',
  code,
  message,
});
