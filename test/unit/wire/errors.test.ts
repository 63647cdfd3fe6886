import { describe, expect, it } from '@jest/globals';
import { describeError, ERROR } from '../../../src/kafka/wire/errors.ts';

const of = (errorClass: string) =>
  Object.values(ERROR)
    .filter((code) => describeError(code).class === errorClass)
    .sort((a, b) => a - b);

describe('error codes', () => {
  it('are all of Kafka 4.3, −1 to 133, each once', () => {
    const codes = Object.values(ERROR).sort((a, b) => a - b);
    expect(codes).toEqual(Array.from({ length: 135 }, (_, index) => index - 1));
  });

  it('have their own names', () => {
    for (const [name, code] of Object.entries(ERROR)) expect(describeError(code).name).toBe(name);
  });

  it.each([
    [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'retry'],
    [15, 'COORDINATOR_NOT_AVAILABLE', 'find-coordinator'],
    [16, 'NOT_COORDINATOR', 'find-coordinator'],
    [22, 'ILLEGAL_GENERATION', 'rejoin'],
    [25, 'UNKNOWN_MEMBER_ID', 'rejoin'],
    [27, 'REBALANCE_IN_PROGRESS', 'rejoin'],
    [79, 'MEMBER_ID_REQUIRED', 'rejoin'],
    [82, 'FENCED_INSTANCE_ID', 'fatal'],
    [88, 'UNSTABLE_OFFSET_COMMIT', 'retry'],
    [23, 'INCONSISTENT_GROUP_PROTOCOL', 'fatal'],
    [24, 'INVALID_GROUP_ID', 'fatal'],
    [26, 'INVALID_SESSION_TIMEOUT', 'fatal'],
    [30, 'GROUP_AUTHORIZATION_FAILED', 'fatal'],
    [81, 'GROUP_MAX_SIZE_REACHED', 'fatal'],
  ])('of the group: %i %s asks for %s', (code, name, errorClass) => {
    expect(describeError(code)).toEqual({ code, name, class: errorClass });
  });

  it.each([
    [51, 'CONCURRENT_TRANSACTIONS', 'retry'],
    [47, 'INVALID_PRODUCER_EPOCH', 'fenced'],
    [90, 'PRODUCER_FENCED', 'fenced'],
    [48, 'INVALID_TXN_STATE', 'abort'],
    [120, 'TRANSACTION_ABORTABLE', 'abort'],
    [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'fatal'],
  ])('of a transaction: %i %s asks for %s (rules 3, 4)', (code, name, errorClass) => {
    expect(describeError(code)).toEqual({ code, name, class: errorClass });
  });

  it.each([
    [6, 'NOT_LEADER_OR_FOLLOWER', 'refresh-metadata'],
    [74, 'FENCED_LEADER_EPOCH', 'refresh-metadata'],
    [75, 'UNKNOWN_LEADER_EPOCH', 'refresh-metadata'],
    [1, 'OFFSET_OUT_OF_RANGE', 'fatal'],
    [10, 'MESSAGE_TOO_LARGE', 'abort'],
    [32, 'INVALID_TIMESTAMP', 'abort'],
    [87, 'INVALID_RECORD', 'abort'],
  ])('of a partition: %i %s asks for %s (rules 8, 15)', (code, name, errorClass) => {
    expect(describeError(code)).toEqual({ code, name, class: errorClass });
  });

  it('fence the producer in two cases only, and nothing but 0 is fine', () => {
    expect(of('fenced')).toEqual([47, 90]);
    expect(of('none')).toEqual([0]);
    expect(of('find-coordinator')).toEqual([15, 16]);
  });

  it('never repeat a Produce that may have been appended (rule 4)', () => {
    expect(describeError(ERROR.NOT_ENOUGH_REPLICAS_AFTER_APPEND).class).toBe('abort');
  });

  it('newer than the table end the attempt, not the worker', () => {
    expect(describeError(999)).toEqual({ code: 999, name: 'UNKNOWN_CODE_999', class: 'abort' });
    expect(describeError(999).class).toBe(describeError(ERROR.UNKNOWN_SERVER_ERROR).class);
  });
});
