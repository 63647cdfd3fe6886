import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { FrameAssembler } from '../../../src/kafka/cluster/frames.ts';
import { REQUIRED } from '../../../src/kafka/cluster/versions.ts';
import { Reader } from '../../../src/kafka/wire/reader.ts';
import { Writer } from '../../../src/kafka/wire/writer.ts';

export const API = {
  metadata: 3,
  findCoordinator: 10,
  heartbeat: 12,
  saslHandshake: 17,
  apiVersions: 18,
  saslAuthenticate: 36,
};

export interface Received {
  readonly apiKey: number;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** At the body; past the tags of the header where there are any. */
  readonly body: Reader;
  /** Number of the connection, from 0 in the order of arrival. */
  readonly connection: number;
  readonly socket: Socket;
}

/** Writes the answer's body; `undefined` leaves the request unanswered. */
export type Script = (request: Received) => Writer | undefined | Promise<Writer | undefined>;

const CLASSIC_HEADERS: readonly number[] = [API.apiVersions, API.saslHandshake, API.saslAuthenticate];

/** A broker that says what a test tells it to. Like a real one it handles the requests of a connection one by one. */
export class FakeBroker implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly sockets: Socket[] = [];
  readonly #scripts = new Map<number, Script>([[API.apiVersions, () => versionsAnswer()]]);
  readonly #server: Server;
  #waiters: (() => void)[] = [];

  private constructor() {
    this.#server = createServer((socket) => {
      this.#accept(socket);
    });
  }

  static async start(): Promise<FakeBroker> {
    const broker = new FakeBroker();
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  on(apiKey: number, script: Script): this {
    this.#scripts.set(apiKey, script);
    return this;
  }

  /** Requests of one kind so far. */
  count(apiKey: number): number {
    return this.received.filter((request) => request.apiKey === apiKey).length;
  }

  /** Resolves once `condition` holds; looked at after every request and connection. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    const connection = this.sockets.push(socket) - 1;
    const assembler = new FrameAssembler();
    let before = Promise.resolve();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      assembler.push(chunk, (frame) => {
        const request = parse(frame, connection, socket);
        this.received.push(request);
        before = before.then(() => this.#answer(request));
        this.#changed();
      });
    });
    this.#changed();
  }

  async #answer(request: Received): Promise<void> {
    const body = await this.#scripts.get(request.apiKey)?.(request);
    if (body !== undefined) request.socket.write(answerFrame(request, body));
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

function parse(frame: Buffer, connection: number, socket: Socket): Received {
  const body = new Reader(frame);
  const head = {
    apiKey: body.int16(),
    version: body.int16(),
    correlationId: body.int32(),
    clientId: body.nullableString(),
  };
  if (!CLASSIC_HEADERS.includes(head.apiKey)) body.tags();
  return { ...head, body, connection, socket };
}

/** Size, correlation id and, for flexible messages, an empty tag section, then the body. */
export function answerFrame(
  { apiKey, correlationId }: Pick<Received, 'apiKey' | 'correlationId'>,
  body: Writer,
): Buffer {
  const header = new Writer();
  header.int32(correlationId);
  if (!CLASSIC_HEADERS.includes(apiKey)) header.tags();
  const bytes = Buffer.concat([header.toBytes(), body.toBytes()]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** ApiVersions 2, as KafkaJS asks for it: what snowstamp needs, SASL, and `changes` (null takes an API away). */
export function versionsAnswer(changes: Record<number, { min: number; max: number } | null> = {}): Writer {
  const ranges = new Map<number, { min: number; max: number } | null>([
    ...REQUIRED.map(({ apiKey, version }) => [apiKey, { min: 0, max: version }] as const),
    [API.apiVersions, { min: 0, max: 4 }],
    [API.saslHandshake, { min: 0, max: 1 }],
    [API.saslAuthenticate, { min: 0, max: 2 }],
    ...Object.entries(changes).map(([key, range]) => [Number(key), range] as const),
  ]);
  const writer = new Writer();
  writer.int16(0);
  writer.array(
    [...ranges].filter(([, range]) => range !== null),
    ([apiKey, range]) => {
      writer.int16(apiKey);
      writer.int16(range?.min ?? 0);
      writer.int16(range?.max ?? 0);
    },
  );
  writer.int32(0);
  return writer;
}

export function heartbeatAnswer(errorCode = 0, throttleTimeMs = 0): Writer {
  const writer = new Writer();
  writer.int32(throttleTimeMs);
  writer.int16(errorCode);
  writer.tags();
  return writer;
}

interface FakePartition {
  readonly leader: number;
  readonly epoch: number;
  readonly error?: number;
}

export interface FakeTopic {
  readonly topic: string;
  readonly topicId?: string;
  readonly error?: number;
  readonly partitions?: readonly FakePartition[];
}

export function metadataAnswer(
  nodes: readonly { nodeId: number; port: number }[],
  topics: readonly FakeTopic[] = [],
  clusterId = 'cluster-1',
): Writer {
  const writer = new Writer();
  writer.int32(0);
  writer.compactArray(nodes, ({ nodeId, port }) => {
    writer.int32(nodeId);
    writer.compactString('127.0.0.1');
    writer.int32(port);
    writer.compactNullableString(null);
    writer.tags();
  });
  writer.compactNullableString(clusterId);
  writer.int32(nodes[0]?.nodeId ?? -1);
  writer.compactArray(topics, ({ topic, topicId = '0'.repeat(32), error = 0, partitions = [] }) => {
    writer.int16(error);
    writer.compactNullableString(topic);
    writer.uuid(topicId);
    writer.boolean(false);
    writer.compactArray([...partitions.entries()], ([index, partition]) => {
      writer.int16(partition.error ?? 0);
      writer.int32(index);
      writer.int32(partition.leader);
      writer.int32(partition.epoch);
      for (let list = 0; list < 3; list += 1) writer.compactArray([], () => undefined);
      writer.tags();
    });
    writer.int32(-2147483648);
    writer.tags();
  });
  writer.tags();
  return writer;
}

export function coordinatorAnswer(key: string, errorCode: number, nodeId = -1, port = -1): Writer {
  const writer = new Writer();
  writer.int32(0);
  writer.compactArray([key], () => {
    writer.compactString(key);
    writer.int32(nodeId);
    writer.compactString(nodeId < 0 ? '' : '127.0.0.1');
    writer.int32(port);
    writer.int16(errorCode);
    writer.compactNullableString(null);
    writer.tags();
  });
  writer.tags();
  return writer;
}

export const SILENT: Script = () => undefined;
