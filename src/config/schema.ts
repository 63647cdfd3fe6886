import { clockSchema } from './clock-schema.ts';
import { bytes, file, hostPort, ms, secret, text, z } from './field.ts';
import { registrySchema } from './registry-schema.ts';
import { routeSchema } from './route-schema.ts';

const layout = z.strictObject({
  timestampBits: z.int().default(41).describe('Bits of the millisecond timestamp.'),
  datacenterBits: z.int().default(5).describe('Bits of the datacenter.'),
  workerBits: z.int().default(5).describe('Bits of the worker within its datacenter.'),
  sequenceBits: z
    .int()
    .default(12)
    .describe('Bits of the sequence within one millisecond; all four sum to 63.'),
  epoch: z.iso
    .datetime()
    .default('2024-01-01T00:00:00Z')
    .describe('Where the timestamp counts from; never changed in a domain.'),
});

const domain = z.strictObject({
  prefix: z
    .string()
    .regex(/^\/\S+[^/]$/, 'starts with / and does not end with it')
    .default('/snowstamp')
    .describe('Where in etcd the domain lives.'),
  id: z.uuid().optional().describe('Domain UUID printed by init; pins this configuration to that domain.'),
  clusterId: z.uuid().optional().describe('UUID init gave to this etcd cluster; pins the worker to it.'),
  datacenter: z.int().min(0).default(0).describe('Slice of the node space this worker claims from.'),
  layout: layout.prefault({}).describe('Fields of an ID; init pins them for everybody.'),
});

const etcd = z.strictObject({
  endpoints: z.array(z.string()).min(1).describe('http(s)://host:port of the members, all of one kind.'),
  username: text.optional().describe('Password authentication; client certificates are better.'),
  password: secret('passwordFile'),
  passwordFile: file.optional().describe('File that holds the password.'),
  tls: z
    .strictObject({
      caFile: file.describe('PEM of the authority that vouches for etcd.'),
      certFile: file.optional().describe('PEM of the client certificate.'),
      keyFile: file.optional().describe('PEM of its key.'),
    })
    .optional()
    .describe('TLS to etcd.'),
});

const lease = z.strictObject({
  profile: z
    .enum(['default', 'ride-through'])
    .default('default')
    .describe('ride-through: TTL 600 s, window 570 s; survives nine minutes without etcd.'),
  ttlS: z.int().optional().describe('Life of the claim without renewal, seconds (5–3,600; 15 by default).'),
  windowMs: ms(1).optional().describe('How far ahead timestamps are granted (10,000 by default).'),
  refreshMs: ms(1).optional().describe('Time between grants (3,000 by default).'),
  recycleDelayMs: ms().default(0).describe('Rest of a worker ID after a clean release.'),
  reacquireTimeoutMs: ms(1_000)
    .default(300_000)
    .describe('Without a worker ID for this long the worker exits.'),
  leaveGroupAfterMs: ms()
    .default(10_000)
    .describe('Lease in doubt for this long: the consumer group is left.'),
});

const kafka = z.strictObject({
  bootstrap: z.array(hostPort).min(1).describe('host:port of some brokers.'),
  clientId: text.default('snowstamp').describe('Name in the brokers’ logs and quotas.'),
  groupId: text.default('snowstamp').describe('Consumer group the fleet shares.'),
  groupInstanceId: text
    .optional()
    .describe('Static membership (KIP-345): unique per worker, kept over restarts.'),
  tls: z
    .strictObject({
      caFile: file.optional().describe('PEM of the authority; the system’s when left out.'),
      certFile: file.optional().describe('PEM of the client certificate.'),
      keyFile: file.optional().describe('PEM of its key.'),
      servername: text.optional().describe('Name expected in the brokers’ certificates.'),
    })
    .optional()
    .describe('TLS to the brokers; {} for the system’s authorities.'),
  sasl: z
    .strictObject({
      mechanism: z
        .enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'])
        .describe('SASL mechanism.'),
      username: text.optional().describe('For plain and scram.'),
      password: secret('passwordFile'),
      passwordFile: file.optional().describe('File that holds the password.'),
      tokenEndpoint: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('oauthbearer: where tokens come from (client credentials grant).'),
      clientId: text.optional().describe('oauthbearer: client.'),
      clientSecret: secret('clientSecretFile'),
      clientSecretFile: file.optional().describe('File that holds the client secret.'),
      scope: text.optional().describe('oauthbearer: scope asked for.'),
    })
    .optional()
    .describe('SASL to the brokers.'),
  sessionTimeoutMs: ms(1_000)
    .default(10_000)
    .describe('A worker without heartbeats for this long loses its partitions.'),
  heartbeatMs: ms(100).default(3_000).describe('Time between heartbeats, at most a third of the session.'),
  rebalanceTimeoutMs: ms(1_000).default(60_000).describe('How long a rebalance waits for a worker.'),
  transactionTimeoutMs: ms(1_000)
    .default(10_000)
    .describe('Brokers abort a transaction older than this; not above the session.'),
  requestTimeoutMs: ms(100).default(5_000).describe('Bound of one request.'),
  connectionTimeoutMs: ms(100).default(1_000).describe('Bound of making a connection.'),
  metadataRefreshMs: ms(1_000).default(30_000).describe('Time between looks at topics and leaders.'),
  fetchMaxBytes: bytes(1_024)
    .default(16 * 2 ** 20)
    .describe('Largest fetch answer of one broker.'),
  fetchPartitionMaxBytes: bytes(1_024)
    .default(2 ** 20)
    .describe('Largest share of one partition in it.'),
  fetchMinBytes: bytes(1).default(1).describe('A broker answers a fetch once this much is there.'),
  fetchMaxWaitMs: ms().default(100).describe('Or after this long.'),
});

const pipeline = z.strictObject({
  commitIntervalMs: ms(1).default(50).describe('Longest a transaction is composed.'),
  lingerMs: ms().default(10).describe('A trickle is gathered for this long.'),
  transactionBytes: bytes(65_536)
    .default(4 * 2 ** 20)
    .describe('Size of a transaction.'),
  transactionRecords: z.int().min(1).default(32_000).describe('Records in a transaction.'),
  batchBytes: bytes(16_384)
    .default(900 * 1_024)
    .describe('Size of one outgoing batch.'),
  memoryBytes: bytes(8 * 2 ** 20)
    .default(64 * 2 ** 20)
    .describe('Fetched, inflated and outgoing bytes together.'),
  maxFloorWaitMs: ms()
    .default(5_000)
    .describe('How far ahead of the clock the last ID of a partition may be waited for.'),
  retryFirstMs: ms(1).default(100).describe('First pause of a partition whose batch was refused.'),
  retryMaxMs: ms(1).default(5_000).describe('Longest such pause.'),
});

const admission = z.strictObject({
  shutAt: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.8)
    .describe('Share of the sequence in use that shuts intake.'),
  openAt: z.number().min(0).max(1).default(0.6).describe('Share at which it opens again.'),
  shutAtRecords: z.int().min(1).default(1_000_000).describe('Records in flight that shut intake.'),
  openAtRecords: z.int().min(0).default(500_000).describe('Records at which it opens again.'),
});

/** Type, default, unit (in the key) and sentence of every setting. Rules between settings: rules.ts. */
export const configSchema = z.strictObject({
  domain: domain.prefault({}).describe('Which ID domain.'),
  etcd: etcd.describe('How etcd is reached.'),
  lease: lease.prefault({}).describe('How worker IDs are held.'),
  clock: clockSchema.prefault({}).describe('What a wrong clock leads to.'),
  kafka: kafka.describe('How Kafka is reached.'),
  routes: z.array(routeSchema).min(1).describe('From which topic to which.'),
  registry: registrySchema.optional().describe('Schema registry, for routes with the Confluent wire format.'),
  pipeline: pipeline.prefault({}).describe('Sizes and times of the data path.'),
  admission: admission.prefault({}).describe('When intake slows down.'),
  http: z
    .strictObject({
      host: text.default('0.0.0.0').describe('Address to listen on.'),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(9_464)
        .describe('Port of /livez, /readyz, /metrics; 0 takes a free one.'),
    })
    .prefault({})
    .describe('HTTP for probes and metrics.'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Least level that is written.'),
    })
    .prefault({})
    .describe('Log lines.'),
  shutdown: z
    .strictObject({
      drainTimeoutMs: ms(1_000).default(15_000).describe('After SIGTERM the worker has this long.'),
    })
    .prefault({})
    .describe('Stopping.'),
});

/** As written, with defaults filled in. */
export type Config = z.output<typeof configSchema>;

/** JSON Schema of the configuration file (`snowstamp config schema`); secrets carry `writeOnly`. */
export const configJsonSchema = (): unknown => z.toJSONSchema(configSchema, { io: 'input' });
