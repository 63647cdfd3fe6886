import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

export const GROUP_COORDINATOR = 0;
export const TRANSACTION_COORDINATOR = 1;

export interface FindCoordinatorRequest {
  /** 0 group, 1 transaction. */
  readonly keyType: 0 | 1;
  /** Group ids or transactional ids. */
  readonly coordinatorKeys: readonly string[];
}

export interface Coordinator {
  readonly key: string;
  /** −1, with an empty host, when `errorCode` is not 0. */
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface FindCoordinatorAnswer {
  readonly throttleTimeMs: number;
  readonly coordinators: readonly Coordinator[];
}

export const findCoordinator: Message<FindCoordinatorRequest, FindCoordinatorAnswer> = {
  name: 'FindCoordinator',
  apiKey: 10,
  version: 4,
  flexible: true,
  encode(writer, request) {
    writer.int8(request.keyType);
    writer.compactArray(request.coordinatorKeys, (key) => {
      writer.compactString(key);
    });
    writer.tags();
  },
  decode(reader) {
    const answer = { throttleTimeMs: reader.int32(), coordinators: reader.compactArray(readCoordinator) };
    reader.tags();
    return answer;
  },
};

function readCoordinator(reader: Reader): Coordinator {
  const coordinator = {
    key: reader.compactString(),
    nodeId: reader.int32(),
    host: reader.compactString(),
    port: reader.int32(),
    errorCode: reader.int16(),
    errorMessage: reader.compactNullableString(),
  };
  reader.tags();
  return coordinator;
}
