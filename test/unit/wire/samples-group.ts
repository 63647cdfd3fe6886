import { apiVersions } from '../../../src/kafka/wire/api-versions.ts';
import { findCoordinator } from '../../../src/kafka/wire/find-coordinator.ts';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';
import { joinGroup } from '../../../src/kafka/wire/join-group.ts';
import { leaveGroup } from '../../../src/kafka/wire/leave-group.ts';
import { metadata } from '../../../src/kafka/wire/metadata.ts';
import { syncGroup } from '../../../src/kafka/wire/sync-group.ts';
import { answer, bytes, FAR, request } from './vectors.ts';

const TOPIC_ID = '0102030405060708090a0b0c0d0e0f10';
const VERSIONS = [
  { apiKey: 0, minVersion: 3, maxVersion: 13 },
  { apiKey: 18, minVersion: 0, maxVersion: 4 },
];
const NO_FEATURES = { supportedFeatures: [], finalizedFeaturesEpoch: -1, finalizedFeatures: [] };

export const groupRequests = [
  request(apiVersions, { clientSoftwareName: 'snowstamp', clientSoftwareVersion: '0.1.0' }),
  request(metadata, {
    topics: [{ topic: 'orders' }, { topic: null, topicId: TOPIC_ID }],
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: true,
  }),
  request(
    metadata,
    { topics: null, allowAutoTopicCreation: true, includeTopicAuthorizedOperations: false },
    ' for all topics',
  ),
  request(findCoordinator, { keyType: 1, coordinatorKeys: ['snowstamp.d.1', ''] }),
  request(joinGroup, {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    groupInstanceId: 'worker-1',
    protocolType: 'consumer',
    protocols: [
      { name: 'cooperative-sticky', metadata: bytes(0, 3, 255) },
      { name: 'range', metadata: bytes() },
    ],
    reason: 'new topics',
  }),
  request(syncGroup, {
    groupId: 'g',
    generationId: 4,
    memberId: 'm1',
    groupInstanceId: 'worker-1',
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [
      { memberId: 'm1', assignment: bytes(9) },
      { memberId: 'm2', assignment: bytes() },
    ],
  }),
  request(heartbeat, { groupId: 'g', generationId: -1, memberId: 'm', groupInstanceId: null }),
  request(leaveGroup, {
    groupId: 'g',
    members: [
      { memberId: 'm', groupInstanceId: 'i', reason: 'stopping' },
      { memberId: 'n', groupInstanceId: null, reason: null },
    ],
  }),
];

const metadataAnswer = answer(metadata, {
  throttleTimeMs: 1,
  brokers: [
    { nodeId: 1, host: 'kafka-1.örtlich', port: 9092, rack: 'a' },
    { nodeId: 2_147_483_647, host: '::1', port: 65_535, rack: null },
  ],
  clusterId: 'MkU3OEVBNTcwNTJENDM2Qk',
  controllerId: 1,
  topics: [
    {
      errorCode: 0,
      topic: 'orders',
      topicId: TOPIC_ID,
      isInternal: true,
      partitions: [
        {
          errorCode: 0,
          partition: 0,
          leaderId: 1,
          leaderEpoch: 5,
          replicaNodes: [1, 2_147_483_647],
          isrNodes: [1],
          offlineReplicas: [2_147_483_647],
        },
        {
          errorCode: 5,
          partition: 1,
          leaderId: -1,
          leaderEpoch: -1,
          replicaNodes: [],
          isrNodes: [],
          offlineReplicas: [],
        },
      ],
      topicAuthorizedOperations: 3400,
    },
    {
      errorCode: 100,
      topic: null,
      topicId: TOPIC_ID,
      isInternal: false,
      partitions: [],
      topicAuthorizedOperations: -2_147_483_648,
    },
  ],
});

export const groupAnswers = [
  answer(apiVersions, {
    errorCode: 0,
    apiKeys: VERSIONS,
    throttleTimeMs: 7,
    supportedFeatures: [{ name: 'transaction.version', minVersion: 1, maxVersion: 2 }],
    finalizedFeaturesEpoch: FAR,
    finalizedFeatures: [{ name: 'transaction.version', maxVersionLevel: 2, minVersionLevel: 2 }],
  }),
  answer(
    apiVersions,
    { errorCode: 0, apiKeys: VERSIONS, throttleTimeMs: 0, ...NO_FEATURES },
    ' without tags',
  ),
  answer(
    apiVersions,
    { errorCode: 35, apiKeys: VERSIONS, throttleTimeMs: 0, ...NO_FEATURES },
    ' of a broker without version 3',
  ),
  metadataAnswer,
  answer(findCoordinator, {
    throttleTimeMs: 0,
    coordinators: [
      { key: 'snowstamp.d.1', nodeId: 2, host: 'h', port: 9093, errorCode: 0, errorMessage: '' },
      { key: '', nodeId: -1, host: '', port: -1, errorCode: 15, errorMessage: 'not yet' },
    ],
  }),
  answer(joinGroup, {
    throttleTimeMs: 2,
    errorCode: 0,
    generationId: 4,
    protocolType: 'consumer',
    protocolName: 'range',
    leader: 'm1',
    skipAssignment: true,
    memberId: 'm1',
    members: [
      { memberId: 'm1', groupInstanceId: 'worker-1', metadata: bytes(1, 2) },
      { memberId: 'm2', groupInstanceId: null, metadata: bytes() },
    ],
  }),
  answer(
    joinGroup,
    {
      throttleTimeMs: 0,
      errorCode: 79,
      generationId: -1,
      protocolType: null,
      protocolName: null,
      leader: '',
      skipAssignment: false,
      memberId: 'm3',
      members: [],
    },
    ' wanting a member id',
  ),
  answer(syncGroup, {
    throttleTimeMs: 0,
    errorCode: 0,
    protocolType: 'consumer',
    protocolName: 'range',
    assignment: bytes(0, 1),
  }),
  answer(
    syncGroup,
    { throttleTimeMs: 3, errorCode: 27, protocolType: null, protocolName: null, assignment: bytes() },
    ' with an error',
  ),
  answer(heartbeat, { throttleTimeMs: 5, errorCode: 22 }),
  answer(leaveGroup, {
    throttleTimeMs: 0,
    errorCode: 0,
    members: [
      { memberId: 'm', groupInstanceId: 'i', errorCode: 0 },
      { memberId: 'n', groupInstanceId: null, errorCode: 25 },
    ],
  }),
];
