import type { Derived, Placement } from '../../../../src/stamp/schema/derived.ts';

export const FLAT: Placement = { shape: 'flat', field: 'snowflake_id', nullable: false, fieldNumber: 2047 };
export const ENVELOPE: Placement = { ...FLAT, shape: 'envelope' };

/** The derived text, or the code it was refused with. */
export const outcome = (derived: Derived): string =>
  derived.kind === 'derived' ? derived.text : derived.code;
