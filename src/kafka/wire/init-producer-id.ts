import type { Message } from './message.ts';

export interface InitProducerIdRequest {
  readonly transactionalId: string | null;
  /** At most the broker's `transaction.max.timeout.ms`, else INVALID_TRANSACTION_TIMEOUT. */
  readonly transactionTimeoutMs: number;
  /** −1 with epoch −1 for a first init; the current ones to bump our own epoch (KIP-360). */
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface InitProducerIdAnswer {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  /** −1 with an error. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export const initProducerId: Message<InitProducerIdRequest, InitProducerIdAnswer> = {
  name: 'InitProducerId',
  apiKey: 22,
  version: 4,
  flexible: true,
  encode(writer, request) {
    writer.compactNullableString(request.transactionalId);
    writer.int32(request.transactionTimeoutMs);
    writer.bigint64(request.producerId);
    writer.int16(request.producerEpoch);
    writer.tags();
  },
  decode(reader) {
    const answer = {
      throttleTimeMs: reader.int32(),
      errorCode: reader.int16(),
      producerId: reader.bigint64(),
      producerEpoch: reader.int16(),
    };
    reader.tags();
    return answer;
  },
};
