import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { provideKafka } from '../../../deploy/local/backends.ts';
import { quietKafka, transactionRoundTrip } from '../../../deploy/local/kafka-ready.ts';

const timeoutMs = 600_000;

describe('clusters of one’s own', () => {
  it(
    'three brokers: one is stopped and one killed, both come back on their ports, and transactions go on',
    async () => {
      await using backend = await provideKafka({ brokers: 3 });
      const [first, second] = backend.nodes;
      await first!.stop();
      await first!.start();
      second!.signal('SIGKILL');
      await second!.start();
      expect(await transactionRoundTrip(backend)).toBe(true);
    },
    timeoutMs,
  );

  it(
    '3.9.2 with SASL_SSL: every user signs in by every mechanism, and a wrong password does not',
    async () => {
      await using backend = await provideKafka({ version: '3.9.2', security: 'sasl_ssl' });
      const ca = readFileSync(backend.tls!.caFile, 'utf8');
      const signIn = async (
        mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512',
        username: string,
        password: string,
      ) => {
        const sasl = { mechanism, username, password } as Extract<
          ConstructorParameters<typeof Kafka>[0]['sasl'],
          { mechanism: 'plain' }
        >;
        const kafka = new Kafka({
          brokers: backend.bootstrap,
          ssl: { ca: [ca] },
          sasl,
          logLevel: logLevel.NOTHING,
        });
        const admin = kafka.admin({ retry: { retries: 1 } });
        try {
          await admin.connect();
          await admin.listTopics();
          return 'in';
        } catch (error) {
          return (error as Error).name;
        } finally {
          await admin.disconnect();
        }
      };
      for (const { username, password } of backend.users!) {
        for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
          expect(await signIn(mechanism, username, password)).toBe('in');
          expect(await signIn(mechanism, username, `${password}-not`)).toBe('KafkaJSSASLAuthenticationError');
        }
      }
    },
    timeoutMs,
  );

  it(
    'settings reach the brokers',
    async () => {
      await using backend = await provideKafka({ settings: { 'num.partitions': '7' } });
      const admin = quietKafka(backend).admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic: 'seven' }], waitForLeaders: true });
      const { topics } = await admin.fetchTopicMetadata({ topics: ['seven'] });
      await admin.disconnect();
      expect(topics[0]?.partitions).toHaveLength(7);
    },
    timeoutMs,
  );
});
