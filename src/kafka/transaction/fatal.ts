import { SnowstampError, type ErrorCode } from '../../errors.ts';
import { describeError, ERROR } from '../wire/errors.ts';

const CODES: Readonly<Record<number, ErrorCode>> = {
  [ERROR.TOPIC_AUTHORIZATION_FAILED]: 'KAFKA_REFUSED',
  [ERROR.GROUP_AUTHORIZATION_FAILED]: 'KAFKA_REFUSED',
  [ERROR.CLUSTER_AUTHORIZATION_FAILED]: 'KAFKA_REFUSED',
  [ERROR.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]: 'KAFKA_REFUSED',
  [ERROR.SASL_AUTHENTICATION_FAILED]: 'KAFKA_REFUSED',
  [ERROR.UNSUPPORTED_VERSION]: 'KAFKA_UNSUPPORTED',
  [ERROR.INVALID_GROUP_ID]: 'GROUP_FATAL',
  [ERROR.INVALID_TRANSACTION_TIMEOUT]: 'PREFLIGHT_FAILED', // above the broker's transaction.max.timeout.ms
};

/** A `fatal` outcome by the catalogue; what neither rights nor versions explain is ours to mend. PURE. */
export function fatalError(request: string, errorCode: number, why: string): SnowstampError {
  return new SnowstampError(
    CODES[errorCode] ?? 'INTERNAL',
    `${request}: ${describeError(errorCode).name}: ${why}`,
  );
}
