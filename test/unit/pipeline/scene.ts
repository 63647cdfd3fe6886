import type {
  GroupIdentity,
  Membership,
  OwnershipListener,
  OwnershipToken,
} from '../../../src/kafka/membership/port.ts';
import type { InitOutcome } from '../../../src/kafka/transaction/port.ts';
import { minterOf } from '../../../src/minter.ts';
import { Pipeline } from '../../../src/pipeline/pipeline.ts';
import type { PipelineFact, PipelineSettings, Route } from '../../../src/pipeline/port.ts';
import type { Spell, SpellEnd } from '../../../src/pipeline/publisher.ts';
import { Generator } from '../../../src/snowflake/generator.ts';
import { DEFAULT_LAYOUT, type Layout } from '../../../src/snowflake/layout.ts';
import type { SchemaBook } from '../../../src/stamp/schema-book.ts';
import { route as fullRoute } from '../../support/settings.ts';
import { FakeProducer, type Fate, type Sent } from './producer.ts';
import { T0, World } from './world.ts';

export const IDENTITY: GroupIdentity = {
  groupId: 'g',
  generationId: 5,
  memberId: 'm',
  groupInstanceId: null,
};

export interface Token extends OwnershipToken {
  alive: boolean;
}

/** A group that does what the test says. */
export class FakeMembership implements Membership {
  current: GroupIdentity | undefined = IDENTITY;
  readonly suspected: number[] = [];
  successors: (GroupIdentity | undefined)[] = [];
  readonly #listener: OwnershipListener;

  constructor(listener: OwnershipListener) {
    this.#listener = listener;
  }

  give(topic: string, ...partitions: number[]): Token[] {
    const tokens = partitions.map((partition) => ({ topic, partition, alive: true }));
    this.#listener.added(tokens);
    return tokens;
  }

  async revoke(...tokens: Token[]): Promise<void> {
    await this.#listener.revoking(tokens);
    for (const token of tokens) token.alive = false;
  }

  lose(...tokens: Token[]): void {
    for (const token of tokens) token.alive = false;
    this.#listener.lost(tokens, 'scripted');
  }

  run(): Promise<void> {
    return Promise.resolve();
  }

  identity(): GroupIdentity | undefined {
    return this.current;
  }

  successor(): Promise<GroupIdentity | undefined> {
    return Promise.resolve(this.successors.shift());
  }

  suspect(_refused: GroupIdentity, errorCode: number): void {
    this.suspected.push(errorCode);
  }

  subscribe(): void {
    // Subscribed from the start.
  }
}

const SETTINGS: PipelineSettings = {
  routes: [],
  commitIntervalMs: 50,
  lingerMs: 0,
  transactionBytes: 4 * 2 ** 20,
  transactionRecords: 32_000,
  batchBytes: 900 * 1_024,
  memoryBytes: 64 * 2 ** 20,
  fetch: { maxBytes: 16 * 2 ** 20, partitionMaxBytes: 2 ** 20, minBytes: 1, maxWaitMs: 100 },
  maxFloorWaitMs: 5_000,
  requestTimeoutMs: 5_000,
  metadataRefreshMs: 30_000,
  retry: { firstMs: 100, maxMs: 5_000 },
  admission: {
    shutAt: { sequenceUse: 0.8, records: 1_000_000, bytes: 48 * 2 ** 20 },
    openAt: { sequenceUse: 0.6, records: 500_000, bytes: 24 * 2 ** 20 },
  },
};

export interface Options {
  readonly partitions?: number;
  readonly route?: Partial<Route>;
  /** Of the route's mapping topic, if it has one; 0: it is not there. */
  readonly mappingPartitions?: number;
  readonly settings?: Partial<PipelineSettings>;
  readonly fates?: readonly Fate[];
  readonly inits?: readonly InitOutcome[];
  readonly maxMessageBytes?: Readonly<Record<string, number>>;
  readonly node?: number;
  readonly layout?: Layout;
  /** For the route's schemas. */
  readonly book?: SchemaBook;
}

/** Four IDs a millisecond. */
export const SCARCE: Layout = {
  timestampBits: 50,
  datacenterBits: 1,
  workerBits: 10,
  sequenceBits: 2,
  epochMs: Date.UTC(2024, 0, 1),
};

/** A pipeline between `in` and `out` (dead letters: `dlq`) in a world of its own. */
export class Scene {
  readonly world: World;
  readonly pipeline: Pipeline;
  readonly membership: FakeMembership;
  readonly generator: Generator;
  readonly facts: PipelineFact[] = [];
  /** Calls on all producers of the spell, in order, beside facts' names. */
  readonly calls: string[] = [];
  readonly fates: Fate[];
  readonly inits: InitOutcome[];
  otherwise: Fate = 'commit';
  readonly sent: Sent[][] = [];
  readonly layout: Layout;
  readonly producers: FakeProducer[] = [];
  readonly intake = new AbortController();
  readonly work = new AbortController();
  ours: () => Promise<boolean> = () => Promise.resolve(true);

  constructor(options: Options = {}, world = new World()) {
    const { partitions = 1, maxMessageBytes = {}, node = 37, layout = DEFAULT_LAYOUT } = options;
    this.world = world;
    this.layout = layout;
    world.onAsked = (name) => {
      if (name === 'OffsetFetch') this.calls.push(name);
    };
    const mapping = options.route?.mapping;
    if (mapping !== undefined && !world.topics.has(mapping.topic) && options.mappingPartitions !== 0)
      world.create(mapping.topic, options.mappingPartitions ?? 2);
    for (const topic of ['in', 'out', 'dlq'])
      if (!world.topics.has(topic)) world.create(topic, topic === 'dlq' ? 1 : partitions);
    this.fates = [...(options.fates ?? [])];
    this.inits = [...(options.inits ?? [])];
    const route = fullRoute({ name: 'r', input: 'in', output: 'out', deadLetter: 'dlq', ...options.route });
    this.pipeline = new Pipeline({
      cluster: world,
      books: new Map(options.book === undefined ? [] : [['r', options.book]]),
      clock: world.clock,
      settings: { ...SETTINGS, routes: [route], ...options.settings },
      groupId: 'g',
      maxMessageBytes: (topic) => maxMessageBytes[topic] ?? 2 ** 20,
      observe: (fact) => {
        this.facts.push(fact);
        if (fact.fact === 'minted') this.calls.push('minted');
      },
    });
    this.membership = new FakeMembership(this.pipeline.ownership);
    const incarnation = { node, createRevision: '1', nonce: 'n', floorMs: T0 };
    this.generator = new Generator(layout, incarnation);
    this.generator.accept({
      incarnation,
      untilMs: T0 + 1e12,
      deadlineMonotonicMs: 1e12,
      deadlineWallMs: T0 + 1e12,
    });
  }

  serve(): Promise<SpellEnd> {
    const { clock } = this.world;
    const spell: Spell = {
      minter: minterOf(this.generator, { clock, layout: this.layout }, () => {
        this.calls.push('reserve');
      }),
      producer: () => {
        const producer = new FakeProducer(this.world, this);
        this.producers.push(producer);
        return producer;
      },
      intake: this.intake.signal,
      work: this.work.signal,
      stillOurs: () => this.ours(),
    };
    return this.pipeline.serve(spell, this.membership);
  }

  /** Serves until `condition` holds, then drains; resolves to how the spell ended. */
  async serveUntil(condition: () => boolean, what: string): Promise<SpellEnd> {
    const over = this.serve();
    const failed = over.then(() => undefined);
    try {
      await Promise.race([this.world.until(condition, what), failed]);
    } finally {
      this.intake.abort();
    }
    return over;
  }

  /** States of the partitions by index. */
  states(): string[] {
    return this.pipeline.lag().map(({ state }) => state);
  }

  /** Visible values of an output partition, in order. */
  values(topic = 'out', partition = 0): string[] {
    return this.world
      .log(topic, partition)
      .visible()
      .map(({ value }) => value);
  }

  ids(partition = 0): bigint[] {
    return this.world
      .log('out', partition)
      .visible()
      .map(({ headers }) => BigInt(headers['snowflake_id']!));
  }

  committedOffset(partition = 0): number {
    return this.world.committed.get(`in-${partition}`)?.offset ?? -1;
  }

  /** Facts of one kind. */
  of<Name extends PipelineFact['fact']>(name: Name): Extract<PipelineFact, { fact: Name }>[] {
    return this.facts.filter((fact): fact is Extract<PipelineFact, { fact: Name }> => fact.fact === name);
  }
}

export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `v${from + i}`);
