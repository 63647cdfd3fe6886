import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

export interface JoinGroupProtocol {
  /** The assignor's name. */
  readonly name: string;
  /** An encoded subscription: see subscription.ts. */
  readonly metadata: Uint8Array;
}

export interface JoinGroupRequest {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Empty at first; then as the coordinator gave it (MEMBER_ID_REQUIRED). */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** `consumer`. */
  readonly protocolType: string;
  /** In order of preference. */
  readonly protocols: readonly JoinGroupProtocol[];
  /** For the coordinator's log (KIP-800), at most 255 characters. */
  readonly reason: string | null;
}

export interface JoinGroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Uint8Array;
}

export interface JoinGroupAnswer {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  /** −1 with an error. */
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** Member id of the leader. */
  readonly leader: string;
  /** The leader must send no assignment: a static leader came back (KIP-814). */
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** Everybody, for the leader; empty for all others. Metadata are views of the answer. */
  readonly members: readonly JoinGroupMember[];
}

export const joinGroup: Message<JoinGroupRequest, JoinGroupAnswer> = {
  name: 'JoinGroup',
  apiKey: 11,
  version: 9,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.groupId);
    writer.int32(request.sessionTimeoutMs);
    writer.int32(request.rebalanceTimeoutMs);
    writer.compactString(request.memberId);
    writer.compactNullableString(request.groupInstanceId);
    writer.compactString(request.protocolType);
    writer.compactArray(request.protocols, (protocol) => {
      writer.compactString(protocol.name);
      writer.compactBytes(protocol.metadata);
      writer.tags();
    });
    writer.compactNullableString(request.reason);
    writer.tags();
  },
  decode(reader) {
    const answer = {
      throttleTimeMs: reader.int32(),
      errorCode: reader.int16(),
      generationId: reader.int32(),
      protocolType: reader.compactNullableString(),
      protocolName: reader.compactNullableString(),
      leader: reader.compactString(),
      skipAssignment: reader.boolean(),
      memberId: reader.compactString(),
      members: reader.compactArray(readMember),
    };
    reader.tags();
    return answer;
  },
};

function readMember(reader: Reader): JoinGroupMember {
  const member = {
    memberId: reader.compactString(),
    groupInstanceId: reader.compactNullableString(),
    metadata: reader.compactBytes(),
  };
  reader.tags();
  return member;
}
