/**
 * Why a value cannot be stamped; each is a code of src/errors.ts, where it is explained. The first group is found in the bytes, the
 * second by whoever answers for the schemas.
 */
export type ValueRefusal =
  | 'VALUE_TOO_SHORT'
  | 'VALUE_WRONG_MAGIC'
  | 'VALUE_SCHEMA_ID_INVALID'
  | 'VALUE_SCHEMA_IN_HEADER'
  | 'VALUE_INDEXES_INVALID'
  | 'VALUE_NOT_JSON'
  | 'VALUE_NOT_AN_OBJECT'
  | 'VALUE_ENCODING'
  | 'VALUE_TRUNCATED'
  | 'VALUE_ID_REPEATED'
  | 'VALUE_NOT_PROTOBUF'
  | 'VALUE_HAS_GROUP'
  | 'VALUE_WIRE_TYPE'
  | 'VALUE_NOT_PROVEN'
  | 'SCHEMA_UNKNOWN'
  | 'SCHEMA_NOT_STAMPABLE'
  | 'SCHEMA_ENCRYPTED'
  | 'SCHEMA_NOT_REGISTERED'
  | 'SCHEMA_REFUSED';
