import type { Message } from './message.ts';

export interface HeartbeatRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface HeartbeatAnswer {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
}

export const heartbeat: Message<HeartbeatRequest, HeartbeatAnswer> = {
  name: 'Heartbeat',
  apiKey: 12,
  version: 4,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.groupId);
    writer.int32(request.generationId);
    writer.compactString(request.memberId);
    writer.compactNullableString(request.groupInstanceId);
    writer.tags();
  },
  decode(reader) {
    const answer = { throttleTimeMs: reader.int32(), errorCode: reader.int16() };
    reader.tags();
    return answer;
  },
};
