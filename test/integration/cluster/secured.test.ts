import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { provideKafka } from '../../../deploy/local/backends.ts';
import type { KafkaBackend } from '../../../deploy/local/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { createCluster } from '../../../src/kafka/cluster/cluster.ts';
import { createAdmin } from '../../../src/kafka/cluster/kafkajs.ts';
import type { ClusterOptions, SaslOptions } from '../../../src/kafka/cluster/options.ts';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import type { Cluster } from '../../../src/kafka/cluster/port.ts';
import { metadata } from '../../../src/kafka/wire/metadata.ts';

/** Of PLAIN only: KafkaJS's own client, with which the backend is judged ready, does not cope with sessions under 10 s. */
const SESSION_MS = 3_000;
const NOTHING = { topics: [], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };

let kafka: KafkaBackend;
let ca: Buffer;
const open: Cluster[] = [];

beforeAll(async () => {
  kafka = await provideKafka({
    security: 'sasl_ssl',
    settings: { 'listener.name.client.plain.connections.max.reauth.ms': String(SESSION_MS) },
  });
  ca = await readFile(kafka.tls?.caFile ?? '');
}, 120_000);

afterEach(async () => {
  for (const cluster of open.splice(0)) await cluster.close();
});

afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
});

function user(mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', password?: string): SaslOptions {
  const known = kafka.users?.[0] ?? { username: '', password: '' };
  return { mechanism, username: known.username, password: password ?? known.password };
}

const optionsFor = (changes: Partial<ClusterOptions>): ClusterOptions => ({
  bootstrap: kafka.bootstrap,
  clientId: 'secured-test',
  tls: { ca },
  requestTimeoutMs: 5_000,
  connectionTimeoutMs: 3_000,
  log: () => undefined,
  clock: systemClock,
  ...changes,
});

function clusterWith(changes: Partial<ClusterOptions>): Cluster {
  const cluster = createCluster(optionsFor(changes));
  open.push(cluster);
  return cluster;
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'answered',
    (error: unknown) => (error instanceof LinkError ? error.failure : error),
  );

describe('TLS and SASL through KafkaJS', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('%s', async (mechanism) => {
    const cluster = clusterWith({ sasl: user(mechanism) });
    await cluster.refresh();
    expect(cluster.nodes()).toHaveLength(kafka.nodes.length);
  });

  it('a wrong password is refused, for requests and for admin alike', async () => {
    const sasl = user('scram-sha-512', 'wrong');
    await expect(failureOf(clusterWith({ sasl }).refresh())).resolves.toBe('refused');
    await using admin = createAdmin(optionsFor({ sasl }));
    await expect(admin.describeConfigs('any')).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
  });

  it('a broker whose certificate nobody we trust vouches for is refused', async () => {
    await expect(failureOf(clusterWith({ sasl: user('plain'), tls: true }).refresh())).resolves.toBe(
      'refused',
    );
  });
});

describe('sessions end after three seconds (KIP-368)', () => {
  it('the link goes on for longer than two of them without a failure: the requests never notice', async () => {
    const cluster = clusterWith({ sasl: user('plain') });
    await cluster.refresh();
    const link = await cluster.link(cluster.nodes()[0]?.nodeId ?? -1, 'data');
    const endMs = performance.now() + 2.5 * SESSION_MS;
    let answers = 0;
    while (performance.now() < endMs) {
      await link.send(metadata, NOTHING, { timeoutMs: 5_000 });
      answers += 1;
    }
    expect(answers).toBeGreaterThan(10);
  }, 30_000);

  it('control: a connection that is not renewed is ended by the broker', async () => {
    // Time stands still for the link, so it never sees its session grow old.
    const nowMs = performance.now();
    const clock = { ...systemClock, now: () => ({ wallMs: 0, monotonicMs: nowMs }), sleep: frozenSleep };
    const cluster = clusterWith({ sasl: user('plain'), clock });
    const link = await cluster.link(-1, 'data');
    const endMs = performance.now() + 2.5 * SESSION_MS;
    let failure: unknown = 'answered';
    while (failure === 'answered' && performance.now() < endMs) {
      failure = await failureOf(link.send(metadata, NOTHING, { timeoutMs: 5_000 }));
    }
    expect(failure).toBe('closed');
  }, 30_000);
});

function frozenSleep(_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

describe('a frozen broker', () => {
  it('costs a request exactly its own timeout and a new link the connection timeout; thawed, all is well', async () => {
    const cluster = clusterWith({ sasl: user('scram-sha-512'), connectionTimeoutMs: 1_000 });
    await cluster.refresh();
    const nodeId = cluster.nodes()[0]?.nodeId ?? -1;
    const link = await cluster.link(nodeId, 'data');
    kafka.nodes[0]?.signal('SIGSTOP');
    try {
      const startMs = performance.now();
      await expect(failureOf(link.send(metadata, NOTHING, { timeoutMs: 400 }))).resolves.toBe('timeout');
      const tookMs = performance.now() - startMs;
      expect(tookMs).toBeGreaterThan(395);
      expect(tookMs).toBeLessThan(900);
      await expect(failureOf(cluster.link(nodeId, 'data'))).resolves.toBe('unreachable');
      expect(performance.now() - startMs).toBeLessThan(3_000);
    } finally {
      kafka.nodes[0]?.signal('SIGCONT');
    }
    const again = await cluster.link(nodeId, 'data');
    await expect(failureOf(again.send(metadata, NOTHING, { timeoutMs: 5_000 }))).resolves.toBe('answered');
  }, 30_000);
});
