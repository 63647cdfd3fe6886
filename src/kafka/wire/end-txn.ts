import type { Message } from './message.ts';

export interface EndTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** True commits, false aborts. */
  readonly committed: boolean;
}

export interface EndTxnAnswer {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
}

export const endTxn: Message<EndTxnRequest, EndTxnAnswer> = {
  name: 'EndTxn',
  apiKey: 26,
  version: 3,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.transactionalId);
    writer.bigint64(request.producerId);
    writer.int16(request.producerEpoch);
    writer.boolean(request.committed);
    writer.tags();
  },
  decode(reader) {
    const answer = { throttleTimeMs: reader.int32(), errorCode: reader.int16() };
    reader.tags();
    return answer;
  },
};
