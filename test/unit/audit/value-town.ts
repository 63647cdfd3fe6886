import type { StampRule, ValueRule } from '../../../src/audit/rule.ts';
import { text } from '../records/plain-codec.ts';
import { AuditTown, HEADER } from './town.ts';

export const RULE: ValueRule = {
  ...{ format: 'json', wire: 'none', shape: 'flat', field: HEADER },
  ...{ fieldNumber: 2_047, nullable: false, orHeader: false },
};
export const ID = 1_541_815_603_606_036_481n;
export const hex = (bytes: string): Uint8Array =>
  Uint8Array.from(Buffer.from(bytes.replaceAll(' ', ''), 'hex'));
export const asBytes = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? text(value) : value;

/** The ID as a zig-zag varint and as sfixed64, written down apart from src. */
export const ZIGZAG = '82 80 bd a1 ec c7 d0 e5 2a';
export const FIXED = '01 a0 17 62 1f a1 65 15';
export const TAG = 'f9 7f';

export interface Change extends Partial<ValueRule> {
  readonly existing?: StampRule['existing'];
}

export const town = ({ existing = 'replace', ...value }: Change = {}): AuditTown =>
  new AuditTown({ rule: { header: HEADER, existing, value: { ...RULE, ...value } } });

export const audited = (change: Change, input: string | Uint8Array, output: string | Uint8Array) =>
  town(change)
    .put('in', { value: asBytes(input) })
    .put('out', { value: asBytes(output) })
    .committed(1, `v1:${ID}:0`)
    .verify();

export const avro = { format: 'avro' } as const;
export const protobuf = { format: 'protobuf' } as const;
export const envelope = { shape: 'envelope' } as const;
export const MEMBER = `"${HEADER}":"${ID}"`;
