import { ERROR } from './errors.ts';
import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

export interface ApiVersionsRequest {
  /** `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?`, else the broker answers INVALID_REQUEST (KIP-511). */
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
}

export interface ApiVersionRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface FinalizedFeature {
  readonly name: string;
  readonly maxVersionLevel: number;
  readonly minVersionLevel: number;
}

export interface ApiVersionsAnswer {
  readonly errorCode: number;
  readonly apiKeys: readonly ApiVersionRange[];
  readonly throttleTimeMs: number;
  readonly supportedFeatures: readonly SupportedFeature[];
  /** −1 while unknown; `finalizedFeatures` means something from 0 on only. */
  readonly finalizedFeaturesEpoch: number;
  readonly finalizedFeatures: readonly FinalizedFeature[];
}

/**
 * What the broker speaks. Its answer always has header v0 — no tag section, flexible or not — so that a
 * client that guessed the version wrongly can read it (KIP-511): the connection must not skip tags before this one.
 */
export const apiVersions: Message<ApiVersionsRequest, ApiVersionsAnswer> = {
  name: 'ApiVersions',
  apiKey: 18,
  version: 3,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.clientSoftwareName);
    writer.compactString(request.clientSoftwareVersion);
    writer.tags();
  },
  decode(reader) {
    const errorCode = reader.int16();
    return errorCode === ERROR.UNSUPPORTED_VERSION
      ? version0(reader, errorCode)
      : version3(reader, errorCode);
  },
};

/** A broker that does not know version 3 says so in version 0 (KIP-511). */
function version0(reader: Reader, errorCode: number): ApiVersionsAnswer {
  return { errorCode, apiKeys: reader.array(readRange), throttleTimeMs: 0, ...NO_FEATURES };
}

function version3(reader: Reader, errorCode: number): ApiVersionsAnswer {
  const apiKeys = reader.compactArray(readTaggedRange);
  const throttleTimeMs = reader.int32();
  return { errorCode, apiKeys, throttleTimeMs, ...readFeatures(reader) };
}

type Features = Pick<ApiVersionsAnswer, 'supportedFeatures' | 'finalizedFeaturesEpoch' | 'finalizedFeatures'>;

const NO_FEATURES: Features = { supportedFeatures: [], finalizedFeaturesEpoch: -1, finalizedFeatures: [] };

function readFeatures(reader: Reader): Features {
  let features = NO_FEATURES;
  reader.tags((tag, field) => {
    if (tag === 0) features = { ...features, supportedFeatures: field.compactArray(readSupported) };
    else if (tag === 1) features = { ...features, finalizedFeaturesEpoch: field.int64() };
    else if (tag === 2) features = { ...features, finalizedFeatures: field.compactArray(readFinalized) };
  });
  return features;
}

function readRange(reader: Reader): ApiVersionRange {
  return { apiKey: reader.int16(), minVersion: reader.int16(), maxVersion: reader.int16() };
}

function readTaggedRange(reader: Reader): ApiVersionRange {
  const range = readRange(reader);
  reader.tags();
  return range;
}

function readSupported(reader: Reader): SupportedFeature {
  const feature = { name: reader.compactString(), minVersion: reader.int16(), maxVersion: reader.int16() };
  reader.tags();
  return feature;
}

function readFinalized(reader: Reader): FinalizedFeature {
  const feature = {
    name: reader.compactString(),
    maxVersionLevel: reader.int16(),
    minVersionLevel: reader.int16(),
  };
  reader.tags();
  return feature;
}
