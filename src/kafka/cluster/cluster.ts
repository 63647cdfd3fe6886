import { Connections } from './connections.ts';
import { Coordinators } from './coordinators.ts';
import type { CoordinatorKind } from './coordinators.ts';
import { parseAddress } from './dialer.ts';
import type { Dial } from './dialer.ts';
import { createDial } from './kafkajs.ts';
import { ClusterMetadata } from './metadata.ts';
import type { ClusterOptions } from './options.ts';
import { LinkError } from './port.ts';
import type { Cluster, Link, Node, Purpose, TopicMetadata } from './port.ts';

/**
 * The network as the rooms above see it. Connects to nothing until asked. Throws CONFIG_INVALID for a bootstrap
 * address that is none. `dial` is KafkaJS unless a test brings its own.
 */
export function createCluster(options: ClusterOptions, dial: Dial = createDial(options)): Cluster {
  return new KafkaCluster(options, dial);
}

class KafkaCluster implements Cluster {
  readonly #connections: Connections;
  readonly #metadata: ClusterMetadata;
  readonly #coordinators: Coordinators;
  readonly #ended = new AbortController();

  constructor(options: ClusterOptions, dial: Dial) {
    const { clock, log, requestTimeoutMs, clientId, random = Math.random } = options;
    this.#connections = new Connections({ dial, clientId, clock, random, log });
    const link = (node: Node): Promise<Link> => this.#connections.open(node, 'metadata');
    const bootstrap = options.bootstrap.map(parseAddress);
    this.#metadata = new ClusterMetadata({ bootstrap, link, requestTimeoutMs, clock, log });
    this.#coordinators = new Coordinators({
      candidates: () => this.#metadata.candidates(),
      learn: (node) => {
        this.#metadata.learn(node);
      },
      link,
      requestTimeoutMs,
      clock,
      random,
    });
  }

  watch(topics: readonly string[]): void {
    this.#metadata.watch(topics);
  }

  async refresh(): Promise<void> {
    await this.#unlessClosed(() => this.#metadata.refresh());
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#metadata.topic(name);
  }

  nodes(): readonly Node[] {
    return this.#metadata.nodes();
  }

  clusterId(): string | undefined {
    return this.#metadata.clusterId();
  }

  async link(nodeId: number, purpose: Purpose): Promise<Link> {
    const node = this.#metadata.node(nodeId);
    if (node === undefined)
      throw new LinkError('unreachable', nodeId, `node ${nodeId} is not in the metadata: refresh`);
    return this.#connections.open(node, purpose);
  }

  async coordinator(
    kind: CoordinatorKind,
    key: string,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<number> {
    const stop = signal === undefined ? this.#ended.signal : AbortSignal.any([signal, this.#ended.signal]);
    return this.#unlessClosed(() => this.#coordinators.find(kind, key, timeoutMs, stop));
  }

  forget(kind: CoordinatorKind, key: string): void {
    this.#coordinators.forget(kind, key);
  }

  close(): Promise<void> {
    this.#ended.abort();
    return this.#connections.close();
  }

  async #unlessClosed<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#ended;
    try {
      if (!signal.aborted) return await work();
    } catch (failure) {
      if (!signal.aborted) throw failure;
    }
    throw new LinkError('closed', -1, 'the cluster client is closed');
  }
}
