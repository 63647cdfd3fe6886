import { findCoordinator } from '../../../src/kafka/wire/find-coordinator.ts';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';
import { joinGroup } from '../../../src/kafka/wire/join-group.ts';
import { leaveGroup } from '../../../src/kafka/wire/leave-group.ts';
import { metadata } from '../../../src/kafka/wire/metadata.ts';
import { syncGroup } from '../../../src/kafka/wire/sync-group.ts';
import type { Message } from '../../../src/kafka/wire/message.ts';
import { array, nullableArray, struct } from './schema.ts';
import type { Struct } from './schema.ts';

export interface Schema {
  readonly message: Message<unknown, unknown>;
  readonly request: Struct;
  readonly answer: Struct;
}

export const status = { throttleTimeMs: 'int32', errorCode: 'int16' } as const;
export const member = { memberId: 'string', groupInstanceId: 'nullableString' } as const;
const generation = { groupId: 'string', generationId: 'int32', ...member } as const;
const protocol = { protocolType: 'nullableString', protocolName: 'nullableString' } as const;

/** In the schemas' order of fields. ApiVersions, whose tags have defaults, has its own tests. */
export const groupSchemas: readonly Schema[] = [
  {
    message: metadata,
    request: struct({
      topics: nullableArray(struct({ topicId: 'uuid', topic: 'nullableString' })),
      allowAutoTopicCreation: 'boolean',
      includeTopicAuthorizedOperations: 'boolean',
    }),
    answer: struct({
      throttleTimeMs: 'int32',
      brokers: array(struct({ nodeId: 'int32', host: 'string', port: 'int32', rack: 'nullableString' })),
      clusterId: 'nullableString',
      controllerId: 'int32',
      topics: array(
        struct({
          errorCode: 'int16',
          topic: 'nullableString',
          topicId: 'uuid',
          isInternal: 'boolean',
          partitions: array(
            struct({
              errorCode: 'int16',
              partition: 'int32',
              leaderId: 'int32',
              leaderEpoch: 'int32',
              replicaNodes: array('int32'),
              isrNodes: array('int32'),
              offlineReplicas: array('int32'),
            }),
          ),
          topicAuthorizedOperations: 'int32',
        }),
      ),
    }),
  },
  {
    message: findCoordinator,
    request: struct({ keyType: 'int8', coordinatorKeys: array('string') }),
    answer: struct({
      throttleTimeMs: 'int32',
      coordinators: array(
        struct({
          key: 'string',
          nodeId: 'int32',
          host: 'string',
          port: 'int32',
          errorCode: 'int16',
          errorMessage: 'nullableString',
        }),
      ),
    }),
  },
  {
    message: joinGroup,
    request: struct({
      groupId: 'string',
      sessionTimeoutMs: 'int32',
      rebalanceTimeoutMs: 'int32',
      ...member,
      protocolType: 'string',
      protocols: array(struct({ name: 'string', metadata: 'bytes' })),
      reason: 'nullableString',
    }),
    answer: struct({
      ...status,
      generationId: 'int32',
      ...protocol,
      leader: 'string',
      skipAssignment: 'boolean',
      memberId: 'string',
      members: array(struct({ ...member, metadata: 'bytes' })),
    }),
  },
  {
    message: syncGroup,
    request: struct({
      ...generation,
      ...protocol,
      assignments: array(struct({ memberId: 'string', assignment: 'bytes' })),
    }),
    answer: struct({ ...status, ...protocol, assignment: 'bytes' }),
  },
  { message: heartbeat, request: struct(generation), answer: struct(status) },
  {
    message: leaveGroup,
    request: struct({ groupId: 'string', members: array(struct({ ...member, reason: 'nullableString' })) }),
    answer: struct({ ...status, members: array(struct({ ...member, errorCode: 'int16' })) }),
  },
];
