import kafkajs, { type Producer } from 'kafkajs';
import { provideEtcd, provideKafka } from '../../../deploy/local/backends.ts';
import { Operator, randomName } from '../../support/topics.ts';

export interface Names {
  readonly prefix: string;
  readonly groupId: string;
  readonly input: string;
  readonly output: string;
}

/** Topics, group and domain of one test. */
export const names = (): Names => {
  const input = randomName('events');
  return {
    ...{ prefix: `/${randomName('cli')}`, groupId: randomName('group') },
    ...{ input, output: `${input}-stamped` },
  };
};

export const events = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ key: `k${i}`, value: `{"n":${i}}`, timestamp: String(1_700_000_000_000 + i) },
  }));

/** The backends of the run, an operator and a plain producer. */
export class Town implements AsyncDisposable {
  readonly bootstrap: readonly string[];
  readonly endpoints: readonly string[];
  readonly operator: Operator;
  readonly producer: Producer;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<Town, 'bootstrap' | 'endpoints' | 'operator' | 'producer'>,
    stack: AsyncDisposableStack,
  ) {
    this.bootstrap = parts.bootstrap;
    this.endpoints = parts.endpoints;
    this.operator = parts.operator;
    this.producer = parts.producer;
    this.#stack = stack;
  }

  static async open(): Promise<Town> {
    await using stack = new AsyncDisposableStack();
    const { bootstrap } = stack.use(await provideKafka());
    const { endpoints } = stack.use(await provideEtcd());
    const operator = stack.use(await Operator.at(bootstrap));
    const client = new kafkajs.Kafka({ brokers: bootstrap, logLevel: kafkajs.logLevel.NOTHING });
    const producer = client.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    stack.defer(() => producer.disconnect());
    return new Town({ bootstrap, endpoints, operator, producer }, stack.move());
  }

  /** What a first user writes, and the shortest times the rules allow. */
  config({ prefix, groupId, input, output }: Names, changes: Readonly<Record<string, object>> = {}): object {
    return {
      domain: { prefix, ...changes['domain'] },
      etcd: { endpoints: this.endpoints, ...changes['etcd'] },
      kafka: {
        ...{ bootstrap: this.bootstrap, groupId },
        ...{ sessionTimeoutMs: 6_000, heartbeatMs: 1_000, transactionTimeoutMs: 6_000 },
        ...changes['kafka'],
      },
      routes: [{ name: 'events', input, output }],
      http: { host: '127.0.0.1', port: 0 },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
