import type { Message } from './message.ts';

export interface SyncGroupAssignment {
  readonly memberId: string;
  /** An encoded assignment: see subscription.ts. */
  readonly assignment: Uint8Array;
}

export interface SyncGroupRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** As JoinGroup answered; the coordinator compares them (KIP-559). */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** One per member from the leader; empty from all others. */
  readonly assignments: readonly SyncGroupAssignment[];
}

export interface SyncGroupAnswer {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** Ours, as a view of the answer; empty with an error or for a member the leader left out. */
  readonly assignment: Uint8Array;
}

export const syncGroup: Message<SyncGroupRequest, SyncGroupAnswer> = {
  name: 'SyncGroup',
  apiKey: 14,
  version: 5,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.groupId);
    writer.int32(request.generationId);
    writer.compactString(request.memberId);
    writer.compactNullableString(request.groupInstanceId);
    writer.compactNullableString(request.protocolType);
    writer.compactNullableString(request.protocolName);
    writer.compactArray(request.assignments, (item) => {
      writer.compactString(item.memberId);
      writer.compactBytes(item.assignment);
      writer.tags();
    });
    writer.tags();
  },
  decode(reader) {
    const answer = {
      throttleTimeMs: reader.int32(),
      errorCode: reader.int16(),
      protocolType: reader.compactNullableString(),
      protocolName: reader.compactNullableString(),
      assignment: reader.compactBytes(),
    };
    reader.tags();
    return answer;
  },
};
