import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

export interface LeaveGroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** For the coordinator's log (KIP-800), at most 255 characters. */
  readonly reason: string | null;
}

export interface LeaveGroupRequest {
  readonly groupId: string;
  readonly members: readonly LeaveGroupMember[];
}

export interface LeftMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly errorCode: number;
}

export interface LeaveGroupAnswer {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly members: readonly LeftMember[];
}

export const leaveGroup: Message<LeaveGroupRequest, LeaveGroupAnswer> = {
  name: 'LeaveGroup',
  apiKey: 13,
  version: 5,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.groupId);
    writer.compactArray(request.members, (member) => {
      writer.compactString(member.memberId);
      writer.compactNullableString(member.groupInstanceId);
      writer.compactNullableString(member.reason);
      writer.tags();
    });
    writer.tags();
  },
  decode(reader) {
    const answer = {
      throttleTimeMs: reader.int32(),
      errorCode: reader.int16(),
      members: reader.compactArray(readMember),
    };
    reader.tags();
    return answer;
  },
};

function readMember(reader: Reader): LeftMember {
  const member = {
    memberId: reader.compactString(),
    groupInstanceId: reader.compactNullableString(),
    errorCode: reader.int16(),
  };
  reader.tags();
  return member;
}
