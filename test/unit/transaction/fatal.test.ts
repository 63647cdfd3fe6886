import { describe, expect, it } from '@jest/globals';
import { fatalError } from '../../../src/kafka/transaction/fatal.ts';
import { ERROR } from '../../../src/kafka/wire/errors.ts';

describe('a fatal outcome ends the worker with the code a supervisor can act on', () => {
  it.each([
    [ERROR.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'KAFKA_REFUSED'],
    [ERROR.GROUP_AUTHORIZATION_FAILED, 'KAFKA_REFUSED'],
    [ERROR.SASL_AUTHENTICATION_FAILED, 'KAFKA_REFUSED'],
    [ERROR.UNSUPPORTED_VERSION, 'KAFKA_UNSUPPORTED'],
    [ERROR.INVALID_TRANSACTION_TIMEOUT, 'PREFLIGHT_FAILED'],
    [ERROR.INVALID_GROUP_ID, 'GROUP_FATAL'],
    // A defect of ours is not a right that somebody could grant.
    [ERROR.UNKNOWN_SERVER_ERROR, 'INTERNAL'],
    [ERROR.INVALID_REQUEST, 'INTERNAL'],
    [ERROR.OFFSET_METADATA_TOO_LARGE, 'INTERNAL'],
  ])('%i: %s', (errorCode, code) => {
    const error = fatalError('EndTxn', errorCode, 'why');
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/EndTxn: [A-Z_]+: why$/);
  });
});
