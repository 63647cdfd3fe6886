// Prints golden.json: samples.ts as Kafka's own generated classes encode it. Needs nothing but the kafka-clients jar (made with 4.3.1):
//   java -cp kafka-clients-4.3.1.jar:slf4j-api.jar GoldenVectors.java > golden.json

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.StringJoiner;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.*;
import org.apache.kafka.common.protocol.*;
import org.apache.kafka.common.record.internal.MemoryRecords;

public class GoldenVectors {
  static final StringJoiner OUT = new StringJoiner(",\n  ", "{\n  ", "\n}\n");
  static final HexFormat HEX = HexFormat.of();
  static final long PID = 0x7fee_ddcc_bbaa_9988L;
  static final long FAR = (1L << 53) - 1;
  static final Uuid ID = new Uuid(0x0102030405060708L, 0x090a0b0c0d0e0f10L);

  static void add(String title, Message message, int version) {
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, (short) version));
    message.write(new ByteBufferAccessor(buffer), cache, (short) version);
    OUT.add("\"" + title + "\": \"" + HEX.formatHex(buffer.array()) + "\"");
  }

  static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) bytes[i] = (byte) values[i];
    return bytes;
  }

  static MemoryRecords records(int... values) {
    return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes(values)));
  }

  public static void main(String[] arguments) {
    cluster();
    group();
    offsets();
    fetch();
    produce();
    transaction();
    consumerProtocol();
    System.out.print(OUT);
  }

  static void cluster() {
    add("ApiVersions request", new ApiVersionsRequestData().setClientSoftwareName("snowstamp").setClientSoftwareVersion("0.1.0"), 3);
    var features = new ApiVersionsResponseData.SupportedFeatureKeyCollection();
    features.add(new ApiVersionsResponseData.SupportedFeatureKey().setName("transaction.version").setMinVersion((short) 1).setMaxVersion((short) 2));
    var finalized = new ApiVersionsResponseData.FinalizedFeatureKeyCollection();
    finalized.add(new ApiVersionsResponseData.FinalizedFeatureKey().setName("transaction.version").setMaxVersionLevel((short) 2).setMinVersionLevel((short) 2));
    add("ApiVersions answer", new ApiVersionsResponseData().setApiKeys(versions()).setThrottleTimeMs(7)
        .setSupportedFeatures(features).setFinalizedFeaturesEpoch(FAR).setFinalizedFeatures(finalized).setZkMigrationReady(true), 3);
    add("ApiVersions answer without tags", new ApiVersionsResponseData().setApiKeys(versions()), 3);
    add("ApiVersions answer of a broker without version 3", new ApiVersionsResponseData().setErrorCode((short) 35).setApiKeys(versions()), 0);

    add("Metadata request", new MetadataRequestData().setAllowAutoTopicCreation(false).setIncludeTopicAuthorizedOperations(true).setTopics(List.of(
        new MetadataRequestData.MetadataRequestTopic().setName("orders"),
        new MetadataRequestData.MetadataRequestTopic().setTopicId(ID).setName(null))), 12);
    add("Metadata request for all topics", new MetadataRequestData().setTopics(null), 12);
    var brokers = new MetadataResponseData.MetadataResponseBrokerCollection();
    brokers.add(new MetadataResponseData.MetadataResponseBroker().setNodeId(1).setHost("kafka-1.örtlich").setPort(9092).setRack("a"));
    brokers.add(new MetadataResponseData.MetadataResponseBroker().setNodeId(2147483647).setHost("::1").setPort(65535));
    var topics = new MetadataResponseData.MetadataResponseTopicCollection();
    topics.add(new MetadataResponseData.MetadataResponseTopic().setName("orders").setTopicId(ID).setIsInternal(true).setTopicAuthorizedOperations(3400)
        .setPartitions(List.of(
            new MetadataResponseData.MetadataResponsePartition().setPartitionIndex(0).setLeaderId(1).setLeaderEpoch(5)
                .setReplicaNodes(List.of(1, 2147483647)).setIsrNodes(List.of(1)).setOfflineReplicas(List.of(2147483647)),
            new MetadataResponseData.MetadataResponsePartition().setErrorCode((short) 5).setPartitionIndex(1).setLeaderId(-1))));
    topics.add(new MetadataResponseData.MetadataResponseTopic().setErrorCode((short) 100).setName(null).setTopicId(ID));
    add("Metadata answer", new MetadataResponseData().setThrottleTimeMs(1).setBrokers(brokers).setClusterId("MkU3OEVBNTcwNTJENDM2Qk")
        .setControllerId(1).setTopics(topics), 12);

    add("FindCoordinator request", new FindCoordinatorRequestData().setKeyType((byte) 1).setCoordinatorKeys(List.of("snowstamp.d.1", "")), 4);
    add("FindCoordinator answer", new FindCoordinatorResponseData().setCoordinators(List.of(
        new FindCoordinatorResponseData.Coordinator().setKey("snowstamp.d.1").setNodeId(2).setHost("h").setPort(9093),
        new FindCoordinatorResponseData.Coordinator().setKey("").setNodeId(-1).setHost("").setPort(-1).setErrorCode((short) 15).setErrorMessage("not yet"))), 4);
  }

  static ApiVersionsResponseData.ApiVersionCollection versions() {
    var versions = new ApiVersionsResponseData.ApiVersionCollection();
    versions.add(new ApiVersionsResponseData.ApiVersion().setApiKey((short) 0).setMinVersion((short) 3).setMaxVersion((short) 13));
    versions.add(new ApiVersionsResponseData.ApiVersion().setApiKey((short) 18).setMaxVersion((short) 4));
    return versions;
  }

  static void group() {
    var protocols = new JoinGroupRequestData.JoinGroupRequestProtocolCollection();
    protocols.add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName("cooperative-sticky").setMetadata(bytes(0, 3, 255)));
    protocols.add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName("range").setMetadata(bytes()));
    add("JoinGroup request", new JoinGroupRequestData().setGroupId("g").setSessionTimeoutMs(10000).setRebalanceTimeoutMs(60000).setMemberId("")
        .setGroupInstanceId("worker-1").setProtocolType("consumer").setProtocols(protocols).setReason("new topics"), 9);
    add("JoinGroup answer", new JoinGroupResponseData().setThrottleTimeMs(2).setGenerationId(4).setProtocolType("consumer").setProtocolName("range")
        .setLeader("m1").setSkipAssignment(true).setMemberId("m1").setMembers(List.of(
            new JoinGroupResponseData.JoinGroupResponseMember().setMemberId("m1").setGroupInstanceId("worker-1").setMetadata(bytes(1, 2)),
            new JoinGroupResponseData.JoinGroupResponseMember().setMemberId("m2").setMetadata(bytes()))), 9);
    add("JoinGroup answer wanting a member id", new JoinGroupResponseData().setErrorCode((short) 79).setProtocolName(null).setMemberId("m3"), 9);
    add("SyncGroup request", new SyncGroupRequestData().setGroupId("g").setGenerationId(4).setMemberId("m1").setGroupInstanceId("worker-1")
        .setProtocolType("consumer").setProtocolName("range").setAssignments(List.of(
            new SyncGroupRequestData.SyncGroupRequestAssignment().setMemberId("m1").setAssignment(bytes(9)),
            new SyncGroupRequestData.SyncGroupRequestAssignment().setMemberId("m2").setAssignment(bytes()))), 5);
    add("SyncGroup answer", new SyncGroupResponseData().setProtocolType("consumer").setProtocolName("range").setAssignment(bytes(0, 1)), 5);
    add("SyncGroup answer with an error", new SyncGroupResponseData().setThrottleTimeMs(3).setErrorCode((short) 27), 5);
    add("Heartbeat request", new HeartbeatRequestData().setGroupId("g").setGenerationId(-1).setMemberId("m"), 4);
    add("Heartbeat answer", new HeartbeatResponseData().setThrottleTimeMs(5).setErrorCode((short) 22), 4);
    add("LeaveGroup request", new LeaveGroupRequestData().setGroupId("g").setMembers(List.of(
        new LeaveGroupRequestData.MemberIdentity().setMemberId("m").setGroupInstanceId("i").setReason("stopping"),
        new LeaveGroupRequestData.MemberIdentity().setMemberId("n"))), 5);
    add("LeaveGroup answer", new LeaveGroupResponseData().setMembers(List.of(
        new LeaveGroupResponseData.MemberResponse().setMemberId("m").setGroupInstanceId("i"),
        new LeaveGroupResponseData.MemberResponse().setMemberId("n").setGroupInstanceId(null).setErrorCode((short) 25))), 5);
  }

  static void offsets() {
    add("OffsetFetch request", new OffsetFetchRequestData().setGroupId("g").setRequireStable(true).setTopics(List.of(
        new OffsetFetchRequestData.OffsetFetchRequestTopic().setName("orders").setPartitionIndexes(List.of(0, 1, 300)))), 7);
    add("OffsetFetch request for everything", new OffsetFetchRequestData().setGroupId("g").setTopics(null), 7);
    add("OffsetFetch answer", new OffsetFetchResponseData().setErrorCode((short) 16).setTopics(List.of(
        new OffsetFetchResponseData.OffsetFetchResponseTopic().setName("orders").setPartitions(List.of(
            new OffsetFetchResponseData.OffsetFetchResponsePartition().setPartitionIndex(0).setCommittedOffset(FAR).setCommittedLeaderEpoch(3).setMetadata("v1:1:2"),
            new OffsetFetchResponseData.OffsetFetchResponsePartition().setPartitionIndex(1).setCommittedOffset(-1).setMetadata(null).setErrorCode((short) 88))))), 7);
    add("OffsetCommit request", new OffsetCommitRequestData().setGroupId("g").setGenerationIdOrMemberEpoch(-1).setMemberId("").setTopics(List.of(
        new OffsetCommitRequestData.OffsetCommitRequestTopic().setName("orders").setPartitions(List.of(
            new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(FAR).setCommittedLeaderEpoch(3)
                .setCommittedMetadata("v1:1:-1"),
            new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(1).setCommittedMetadata(null))))), 8);
    add("OffsetCommit answer", new OffsetCommitResponseData().setThrottleTimeMs(3).setTopics(List.of(
        new OffsetCommitResponseData.OffsetCommitResponseTopic().setName("orders").setPartitions(List.of(
            new OffsetCommitResponseData.OffsetCommitResponsePartition().setPartitionIndex(0),
            new OffsetCommitResponseData.OffsetCommitResponsePartition().setPartitionIndex(1).setErrorCode((short) 25))))), 8);
    add("ListOffsets request", new ListOffsetsRequestData().setReplicaId(-1).setIsolationLevel((byte) 1).setTopics(List.of(
        new ListOffsetsRequestData.ListOffsetsTopic().setName("orders").setPartitions(List.of(
            new ListOffsetsRequestData.ListOffsetsPartition().setPartitionIndex(0).setCurrentLeaderEpoch(4).setTimestamp(-1),
            new ListOffsetsRequestData.ListOffsetsPartition().setPartitionIndex(1).setTimestamp(1735689600000L))))), 7);
    add("ListOffsets answer", new ListOffsetsResponseData().setThrottleTimeMs(9).setTopics(List.of(
        new ListOffsetsResponseData.ListOffsetsTopicResponse().setName("orders").setPartitions(List.of(
            new ListOffsetsResponseData.ListOffsetsPartitionResponse().setPartitionIndex(0).setOffset(FAR).setLeaderEpoch(4),
            new ListOffsetsResponseData.ListOffsetsPartitionResponse().setPartitionIndex(1).setErrorCode((short) 6).setTimestamp(Long.MAX_VALUE))))), 7);
    var topics = new OffsetForLeaderEpochRequestData.OffsetForLeaderTopicCollection();
    topics.add(new OffsetForLeaderEpochRequestData.OffsetForLeaderTopic().setTopic("orders").setPartitions(List.of(
        new OffsetForLeaderEpochRequestData.OffsetForLeaderPartition().setPartition(7).setCurrentLeaderEpoch(2).setLeaderEpoch(1))));
    add("OffsetForLeaderEpoch request", new OffsetForLeaderEpochRequestData().setReplicaId(-1).setTopics(topics), 4);
    var results = new OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResultCollection();
    results.add(new OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult().setTopic("orders").setPartitions(List.of(
        new OffsetForLeaderEpochResponseData.EpochEndOffset().setPartition(7).setLeaderEpoch(1).setEndOffset(4294967296L),
        new OffsetForLeaderEpochResponseData.EpochEndOffset().setErrorCode((short) 74).setPartition(8))));
    add("OffsetForLeaderEpoch answer", new OffsetForLeaderEpochResponseData().setTopics(results), 4);
  }

  static void fetch() {
    add("Fetch request", new FetchRequestData().setMaxWaitMs(500).setMinBytes(1).setMaxBytes(1 << 20).setIsolationLevel((byte) 1).setTopics(List.of(
        new FetchRequestData.FetchTopic().setTopic("orders").setPartitions(List.of(
            new FetchRequestData.FetchPartition().setPartition(0).setCurrentLeaderEpoch(4).setFetchOffset(FAR).setLastFetchedEpoch(3).setPartitionMaxBytes(65536),
            new FetchRequestData.FetchPartition().setPartition(1).setFetchOffset(0).setPartitionMaxBytes(1))))), 12);
    add("Fetch answer", new FetchResponseData().setThrottleTimeMs(1).setResponses(List.of(
        new FetchResponseData.FetchableTopicResponse().setTopic("orders").setPartitions(List.of(
            new FetchResponseData.PartitionData().setPartitionIndex(0).setHighWatermark(FAR).setLastStableOffset(FAR - 1).setLogStartOffset(0)
                .setAbortedTransactions(List.of(new FetchResponseData.AbortedTransaction().setProducerId(PID).setFirstOffset(12)))
                .setRecords(records(222, 173, 190, 239)),
            new FetchResponseData.PartitionData().setPartitionIndex(1).setErrorCode((short) 6).setHighWatermark(-1).setAbortedTransactions(null)
                .setDivergingEpoch(new FetchResponseData.EpochEndOffset().setEpoch(2).setEndOffset(40))
                .setCurrentLeader(new FetchResponseData.LeaderIdAndEpoch().setLeaderId(3).setLeaderEpoch(9))
                .setSnapshotId(new FetchResponseData.SnapshotId().setEndOffset(5).setEpoch(1))
                .setPreferredReadReplica(2).setRecords(null),
            new FetchResponseData.PartitionData().setPartitionIndex(2).setAbortedTransactions(List.of()).setRecords(records()))))), 12);
    add("Fetch answer with an error on top", new FetchResponseData().setErrorCode((short) 71), 12);
  }

  static void produce() {
    var data = new ProduceRequestData.TopicProduceDataCollection();
    data.add(new ProduceRequestData.TopicProduceData().setName("stamped").setPartitionData(List.of(
        new ProduceRequestData.PartitionProduceData().setIndex(3).setRecords(records(1, 2, 3)),
        new ProduceRequestData.PartitionProduceData().setIndex(4).setRecords(records(4)))));
    add("Produce request", new ProduceRequestData().setTransactionalId("snowstamp.d.1").setAcks((short) -1).setTimeoutMs(2000).setTopicData(data), 9);
    var responses = new ProduceResponseData.TopicProduceResponseCollection();
    responses.add(new ProduceResponseData.TopicProduceResponse().setName("stamped").setPartitionResponses(List.of(
        new ProduceResponseData.PartitionProduceResponse().setIndex(3).setBaseOffset(FAR).setLogStartOffset(1),
        new ProduceResponseData.PartitionProduceResponse().setIndex(4).setErrorCode((short) 87).setBaseOffset(-1).setLogAppendTimeMs(1735689600000L)
            .setRecordErrors(List.of(
                new ProduceResponseData.BatchIndexAndErrorMessage().setBatchIndex(0).setBatchIndexErrorMessage("no key"),
                new ProduceResponseData.BatchIndexAndErrorMessage().setBatchIndex(2)))
            .setErrorMessage("refused"))));
    add("Produce answer", new ProduceResponseData().setResponses(responses).setThrottleTimeMs(4), 9);
  }

  static void transaction() {
    add("InitProducerId request", new InitProducerIdRequestData().setTransactionalId("t").setTransactionTimeoutMs(10000), 4);
    add("InitProducerId request for recovery", new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(1).setProducerId(PID)
        .setProducerEpoch((short) 32767), 4);
    add("InitProducerId answer", new InitProducerIdResponseData().setErrorCode((short) 51).setProducerId(PID).setProducerEpoch((short) 1), 4);
    var topics = new AddPartitionsToTxnRequestData.AddPartitionsToTxnTopicCollection();
    topics.add(new AddPartitionsToTxnRequestData.AddPartitionsToTxnTopic().setName("stamped").setPartitions(List.of(3, 4)));
    add("AddPartitionsToTxn request", new AddPartitionsToTxnRequestData().setV3AndBelowTransactionalId("t").setV3AndBelowProducerId(PID)
        .setV3AndBelowProducerEpoch((short) 1).setV3AndBelowTopics(topics), 3);
    var partitions = new AddPartitionsToTxnResponseData.AddPartitionsToTxnPartitionResultCollection();
    partitions.add(new AddPartitionsToTxnResponseData.AddPartitionsToTxnPartitionResult().setPartitionIndex(3).setPartitionErrorCode((short) 55));
    partitions.add(new AddPartitionsToTxnResponseData.AddPartitionsToTxnPartitionResult().setPartitionIndex(4).setPartitionErrorCode((short) 29));
    var results = new AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResultCollection();
    results.add(new AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResult().setName("stamped").setResultsByPartition(partitions));
    add("AddPartitionsToTxn answer", new AddPartitionsToTxnResponseData().setThrottleTimeMs(1).setResultsByTopicV3AndBelow(results), 3);
    add("AddOffsetsToTxn request", new AddOffsetsToTxnRequestData().setTransactionalId("t").setProducerId(PID).setProducerEpoch((short) 1).setGroupId("g"), 3);
    add("AddOffsetsToTxn answer", new AddOffsetsToTxnResponseData().setErrorCode((short) 90), 3);
    add("TxnOffsetCommit request", new TxnOffsetCommitRequestData().setTransactionalId("t").setGroupId("g").setProducerId(PID).setProducerEpoch((short) 1)
        .setGenerationId(4).setMemberId("m").setGroupInstanceId("i").setTopics(List.of(
            new TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic().setName("orders").setPartitions(List.of(
                new TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(FAR).setCommittedLeaderEpoch(3)
                    .setCommittedMetadata("v1:1:2"),
                new TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition().setPartitionIndex(1).setCommittedMetadata(null))))), 3);
    add("TxnOffsetCommit answer", new TxnOffsetCommitResponseData().setTopics(List.of(
        new TxnOffsetCommitResponseData.TxnOffsetCommitResponseTopic().setName("orders").setPartitions(List.of(
            new TxnOffsetCommitResponseData.TxnOffsetCommitResponsePartition().setPartitionIndex(0),
            new TxnOffsetCommitResponseData.TxnOffsetCommitResponsePartition().setPartitionIndex(1).setErrorCode((short) 22))))), 3);
    add("EndTxn request", new EndTxnRequestData().setTransactionalId("t").setProducerId(PID).setProducerEpoch((short) 1).setCommitted(true), 3);
    add("EndTxn answer", new EndTxnResponseData().setThrottleTimeMs(1).setErrorCode((short) 47), 3);
  }

  /** With the version in front, as ConsumerProtocol writes it. */
  static void consumerProtocol() {
    for (int version = 0; version <= 3; version++) {
      var owned = new ConsumerProtocolSubscription.TopicPartitionCollection();
      owned.add(new ConsumerProtocolSubscription.TopicPartition().setTopic("orders").setPartitions(List.of(0, 2)));
      versioned("Subscription version " + version, new ConsumerProtocolSubscription().setTopics(List.of("orders", "zähler"))
          .setUserData(ByteBuffer.wrap(bytes(0, 0, 0, 4))).setOwnedPartitions(owned).setGenerationId(4).setRackId("a"), version);
      var assigned = new ConsumerProtocolAssignment.TopicPartitionCollection();
      assigned.add(new ConsumerProtocolAssignment.TopicPartition().setTopic("orders").setPartitions(List.of(0, 2)));
      versioned("Assignment version " + version, new ConsumerProtocolAssignment().setAssignedPartitions(assigned).setUserData(null), version);
    }
  }

  static void versioned(String title, Message message, int version) {
    OUT.add("\"" + title + "\": \"" + HEX.formatHex(MessageUtil.toVersionPrefixedBytes((short) version, message)) + "\"");
  }
}
