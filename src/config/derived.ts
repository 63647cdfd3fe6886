import type { Layout } from '../snowflake/layout.ts';
import type { Config } from './schema.ts';

export interface LeaseTimes {
  readonly ttlS: number;
  readonly windowMs: number;
  readonly refreshMs: number;
}

/** As `TIMING_PROFILES` of the lease, which this room may not import; a test holds the two together. */
export const PROFILES = {
  default: { ttlS: 15, windowMs: 10_000, refreshMs: 3_000 },
  'ride-through': { ttlS: 600, windowMs: 570_000, refreshMs: 30_000 },
} as const satisfies Record<Config['lease']['profile'], LeaseTimes>;

export const layoutOf = ({ domain: { layout } }: Pick<Config, 'domain'>): Layout => ({
  timestampBits: layout.timestampBits,
  datacenterBits: layout.datacenterBits,
  workerBits: layout.workerBits,
  sequenceBits: layout.sequenceBits,
  epochMs: Date.parse(layout.epoch),
});

/** The profile's times, where the file does not say otherwise. */
export const leaseTimesOf = ({ lease }: Pick<Config, 'lease'>): LeaseTimes => ({
  ttlS: lease.ttlS ?? PROFILES[lease.profile].ttlS,
  windowMs: lease.windowMs ?? PROFILES[lease.profile].windowMs,
  refreshMs: lease.refreshMs ?? PROFILES[lease.profile].refreshMs,
});

/** As `GeneratorOptions` of the snowflake room. */
export const generatorOf = ({ clock }: Pick<Config, 'clock'>) => ({
  maxLeadMs: clock.maxLeadMs,
  absorbBackMs: clock.absorbBackMs,
  carryBackMs: clock.mode === 'logicalOffset' ? clock.maxLogicalLeadMs : 0,
  holdBackMs: clock.holdBackMs,
  maxHoldMs: clock.maxHoldMs,
  noticeForwardMs: clock.noticeForwardMs,
  forwardStepMs: clock.forwardStepMs,
});

/** As `GuardRules` of the lease: how far the wall clock may be off before something is done about it. */
export const guardRulesOf = ({ clock }: Pick<Config, 'clock'>) => ({
  warnOffsetMs: clock.warnOffsetMs,
  notReadyOffsetMs: clock.notReadyOffsetMs,
  refuseOffsetMs: clock.refuseOffsetMs,
  maxErrorMs: clock.maxErrorMs,
  maxUnsynchronisedMs: clock.maxUnsynchronisedMs,
  noticeForwardMs: clock.noticeForwardMs,
  forwardStepMs: clock.forwardStepMs,
  stallMs: clock.stallMs,
  rollbackAlarmCount: clock.rollbackAlarmCount,
  rollbackAlarmMs: clock.rollbackAlarmMs,
});

/** As `ValueSettings` of the stamp room, which this room may not import; the compiler holds the two together where they meet. */
interface ValueStamp {
  readonly format: 'json' | 'avro' | 'protobuf';
  readonly wire: 'none' | 'confluent';
  readonly shape: 'flat' | 'envelope';
  readonly field: string;
  readonly fieldNumber: number;
  readonly nullable: boolean;
}

/** What is left out, filled in; undefined for a route that stamps the header. */
export function valueStampOf({ stamp }: Pick<Config['routes'][number], 'stamp'>): ValueStamp | undefined {
  const { format, wire, shape, field, fieldNumber, nullable } = stamp;
  if (stamp.in === 'header' || format === undefined) return undefined;
  return {
    format,
    wire: wire ?? 'none',
    shape: shape ?? 'flat',
    field: field ?? 'snowflake_id',
    // The largest with a tag of two bytes.
    fieldNumber: fieldNumber ?? 2_047,
    nullable: nullable ?? false,
  };
}

type FieldSource = Pick<ValueStamp, 'format' | 'wire'> & {
  readonly from: 'field';
  readonly name: string;
  readonly integers: 'signed' | 'unsigned' | 'zigzag';
};

/** As `MappingSettings` of the pipeline, likewise. */
interface Mapping {
  readonly topic: string;
  readonly prefix: string;
  readonly missing: 'skip' | 'deadLetter' | 'stop';
  readonly legacy:
    { readonly from: 'key' } | { readonly from: 'header'; readonly name: string } | FieldSource;
}

/** What is left out, or said by the stamp, filled in; undefined for a route without a mapping. */
export function mappingSettingsOf({
  stamp,
  mapping,
}: Pick<Config['routes'][number], 'stamp' | 'mapping'>): Mapping | undefined {
  if (mapping === undefined) return undefined;
  const { topic, prefix = '', missing, legacy } = mapping;
  const { from, name = '', integers = 'signed' } = legacy;
  const rest = { topic, prefix, missing };
  if (from === 'key') return { ...rest, legacy: { from } };
  if (from === 'header') return { ...rest, legacy: { from, name } };
  const { format = 'json', wire = 'none' } = stamp.in === 'value' ? stamp : legacy;
  return { ...rest, legacy: { from, name, format, wire, integers } };
}
