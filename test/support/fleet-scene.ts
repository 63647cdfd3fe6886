import type { EtcdBackend, KafkaBackend } from '../../deploy/local/backends.ts';
import type { WorkerSettings } from '../../src/assemble.ts';
import type { Layout } from '../../src/snowflake/layout.ts';
import { Feeder } from './feeder.ts';
import { gained, isServing, isSynced, WorkerProcess, type Surroundings } from './fleet.ts';
import { judge, type Verdict } from './judge.ts';
import { verify } from './fleet-verify.ts';
import { settingsFor, type Target } from './settings.ts';
import { freshDomain, Operator, randomName } from './topics.ts';

export interface SceneOptions {
  readonly kafka: Pick<KafkaBackend, 'bootstrap'>;
  readonly etcd: Pick<EtcdBackend, 'endpoints'>;
  readonly layout?: Layout;
  readonly partitions?: number;
  readonly replicationFactor?: number;
  /** The default is one route with topics of its own, which the scene makes. Topics of given routes are the test's business. */
  readonly routes?: Target['routes'];
  readonly changes?: (settings: WorkerSettings) => WorkerSettings;
}

/** Times as short as the brokers' rules allow, and small transactions, so that there are many of them to hit. */
export const quick = (settings: WorkerSettings): WorkerSettings => ({
  ...settings,
  group: { ...settings.group, sessionTimeoutMs: 6_000, heartbeatMs: 1_000, rebalanceTimeoutMs: 10_000 },
  transactionTimeoutMs: 6_000,
  pipeline: { ...settings.pipeline, transactionBytes: 131_072, metadataRefreshMs: 1_000 },
});

/** One consumer group with its domain, its topics and its workers; everything ends with it. */
export class Scene implements AsyncDisposable {
  readonly operator: Operator;
  readonly feeder: Feeder;
  readonly groupId: string;
  readonly routes: Target['routes'];
  readonly partitions: number;
  readonly workers: WorkerProcess[] = [];
  readonly prefix: string;
  readonly #options: SceneOptions;
  readonly #stack = new AsyncDisposableStack();

  private constructor(options: SceneOptions, operator: Operator, prefix: string) {
    this.#options = options;
    this.operator = this.#stack.use(operator);
    this.prefix = prefix;
    this.groupId = randomName('group');
    this.partitions = options.partitions ?? 6;
    const name = randomName('events');
    this.routes = options.routes ?? [{ name: 'events', input: name, output: `${name}-stamped` }];
    this.feeder = new Feeder(options.kafka.bootstrap);
    this.#stack.defer(() => this.feeder.close());
  }

  static async open(options: SceneOptions): Promise<Scene> {
    const [operator, prefix] = await Promise.all([
      Operator.at(options.kafka.bootstrap),
      freshDomain(options.etcd.endpoints, options.layout),
    ]);
    const scene = new Scene(options, operator, prefix);
    const { partitions, replicationFactor } = {
      replicationFactor: 1,
      ...options,
      partitions: scene.partitions,
    };
    if (options.routes === undefined) {
      const { input, output } = scene.routes[0]!;
      await operator.create(
        { topic: input, partitions, replicationFactor },
        { topic: output, partitions, replicationFactor },
      );
    }
    return scene;
  }

  get input(): string {
    return this.routes[0]!.input;
  }

  get output(): string {
    return this.routes[0]!.output;
  }

  settings(
    name: string,
    changes: (settings: WorkerSettings) => WorkerSettings = (same) => same,
  ): WorkerSettings {
    const { kafka, etcd, changes: always = quick } = this.#options;
    const { groupId, prefix, routes } = this;
    return changes(
      always(
        settingsFor({ bootstrap: kafka.bootstrap, etcd: etcd.endpoints, prefix, groupId, name, routes }),
      ),
    );
  }

  /** A new worker; it is killed at the end of the scene at the latest. */
  start(
    name: string,
    surroundings: Surroundings = {},
    changes?: (settings: WorkerSettings) => WorkerSettings,
  ): WorkerProcess {
    const worker = this.#stack.use(new WorkerProcess(name, this.settings(name, changes), surroundings));
    this.workers.push(worker);
    return worker;
  }

  /** Started, holding a permit, and with a first assignment. */
  async join(name: string, surroundings: Surroundings = {}): Promise<WorkerProcess> {
    const worker = this.start(name, surroundings);
    await worker.seen('a permit', isServing);
    await worker.seen('an assignment', isSynced);
    return worker;
  }

  /** Two workers, each with its half of the partitions. */
  async pair(
    [first, trap]: readonly [string, Surroundings],
    second: string,
  ): Promise<readonly [WorkerProcess, WorkerProcess]> {
    const half = this.partitions / 2;
    const older = await this.join(first, trap);
    await older.seen('everything', gained(this.partitions));
    const younger = await this.join(second);
    await younger.seen('its half', gained(half));
    return [older, younger];
  }

  feed(count: number, { topic = this.input, valueBytes = 128, perBatch = 100 } = {}): Promise<void> {
    return this.feeder.feed(topic, this.partitions, count, valueBytes, perBatch);
  }

  caughtUp(withinMs = 60_000): Promise<void> {
    return this.operator
      .caughtUp(
        this.groupId,
        this.routes.map(({ input }) => input),
        { withinMs },
      )
      .catch((error: unknown) => {
        throw new Error(`${String(error)}\n${this.workers.map((worker) => worker.lastWords()).join('\n')}`);
      });
  }

  judge(): Promise<Verdict> {
    return judge({ bootstrap: this.#options.kafka.bootstrap, routes: this.routes });
  }

  /** `snowstamp verify --json`. */
  verify(): ReturnType<typeof verify> {
    const { kafka, etcd } = this.#options;
    const { groupId, routes } = this;
    return verify({ bootstrap: kafka.bootstrap, etcd: etcd.endpoints, groupId, routes });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
