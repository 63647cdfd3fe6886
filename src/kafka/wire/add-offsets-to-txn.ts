import type { Message } from './message.ts';

export interface AddOffsetsToTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly groupId: string;
}

export interface AddOffsetsToTxnAnswer {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
}

export const addOffsetsToTxn: Message<AddOffsetsToTxnRequest, AddOffsetsToTxnAnswer> = {
  name: 'AddOffsetsToTxn',
  apiKey: 25,
  version: 3,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.transactionalId);
    writer.bigint64(request.producerId);
    writer.int16(request.producerEpoch);
    writer.compactString(request.groupId);
    writer.tags();
  },
  decode(reader) {
    const answer = { throttleTimeMs: reader.int32(), errorCode: reader.int16() };
    reader.tags();
    return answer;
  },
};
