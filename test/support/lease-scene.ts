import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/clock.ts';
import type { Clock } from '../../src/clock.ts';
import { openDomain } from '../../src/lease/domain-handle.ts';
import { EtcdStore } from '../../src/lease/etcd.ts';
import { initialise } from '../../src/lease/init.ts';
import type { LeaseStore } from '../../src/lease/store.ts';
import { DEFAULT_LAYOUT } from '../../src/snowflake/layout.ts';
import { EtcdWatch } from './etcd-watch.ts';
import { judge } from './mint-judge.ts';
import type { Verdict } from './mint-judge.ts';
import { MintingChild } from './minting-child.ts';
import { MintingWorker } from './minting-worker.ts';
import type { Heed, MintingOptions } from './minting-worker.ts';
import type { WorkerLog } from './mint-log.ts';
import type { StoreEvent } from './store-history.ts';

/** The shortest lease there is: 4.5 s of it are used, windows reach 3 s ahead. */
export const SHORT = { ttlS: 5, windowMs: 3_000, refreshMs: 600 } as const;
export const TTL_MS = SHORT.ttlS * 1_000;
/** The product's own bound of one try at that TTL. */
export const TRY_MS = TTL_MS / 5;

const SHARERS = 8;
const OPENED_AT_ONCE = 32;

export interface SceneOptions {
  /** Nodes are 2^workerBits. */
  readonly workerBits?: number;
  /** Where init and the watch go: etcds that outlive the fault, or come back. */
  readonly endpoints: readonly string[];
}

export type StartOptions = Partial<Omit<MintingOptions, 'name' | 'prefix'>> & {
  readonly endpoints?: readonly string[];
  readonly tryMs?: number;
  readonly clock?: Clock;
  /** Laid around the worker's own store. */
  readonly through?: (store: EtcdStore) => LeaseStore;
};

/** One domain, the workers on it, and the judge of all they minted. */
export class LeaseScene implements AsyncDisposable {
  readonly prefix = `/mint/${randomUUID()}`;
  readonly endpoints: readonly string[];
  readonly watch: EtcdWatch;
  readonly #workers: (MintingWorker | MintingChild)[] = [];
  readonly #stores: EtcdStore[] = [];

  private constructor(endpoints: readonly string[], watch: EtcdWatch, prefix: string) {
    this.endpoints = endpoints;
    this.watch = watch;
    this.prefix = prefix;
  }

  static async open({ workerBits = 1, endpoints }: SceneOptions): Promise<LeaseScene> {
    const prefix = `/mint/${randomUUID()}`;
    const watch = await EtcdWatch.follow([...endpoints], prefix);
    const scene = new LeaseScene(endpoints, watch, prefix);
    await scene.init(scene.store(), workerBits);
    return scene;
  }

  /** What `snowstamp init` does; the same record every time. */
  init(store: LeaseStore, workerBits: number, notBeforeMs?: number): ReturnType<typeof initialise> {
    return initialise(store, systemClock, {
      prefix: this.prefix,
      layout: { ...DEFAULT_LAYOUT, datacenterBits: 0, workerBits, sequenceBits: 22 - workerBits },
      slices: [{ datacenter: 0 }],
      fresh: { domainId: 'd', clusterId: 'c' },
      notBeforeMs,
    });
  }

  /** A store of its own, closed with the scene. */
  store(endpoints = this.endpoints, tryMs = TRY_MS): EtcdStore {
    const store = new EtcdStore({ endpoints: [...endpoints], tryMs }, systemClock);
    this.#stores.push(store);
    return store;
  }

  /** A worker in this process. */
  async start(name: string, options: StartOptions = {}): Promise<MintingWorker> {
    const { endpoints, tryMs, clock = systemClock, through, ...rest } = options;
    const store = this.store(endpoints, tryMs);
    const worker = await MintingWorker.start(through === undefined ? store : through(store), clock, {
      ...{ name, prefix: this.prefix, timing: SHORT },
      ...rest,
    });
    this.#workers.push(worker);
    return worker;
  }

  /**
   * So many workers in this process, which claim at once. Eight share a connection, and all are open beforehand, so that
   * it is claims that are waited for.
   */
  async fleet(name: string, count: number, options: StartOptions = {}): Promise<MintingWorker[]> {
    const stores = Array.from({ length: Math.ceil(count / SHARERS) }, () =>
      this.store(options.endpoints, options.tryMs),
    );
    for (let n = 0; n < stores.length; n += OPENED_AT_ONCE)
      await Promise.all(stores.slice(n, n + OPENED_AT_ONCE).map((store) => store.look([])));
    const domain = await openDomain(stores[0]!, this.prefix, {});
    const { through = (store: LeaseStore) => store } = options;
    const each = (n: number): StartOptions => ({
      ...options,
      domain,
      through: () => through(stores[n % stores.length]!),
    });
    return Promise.all(Array.from({ length: count }, (_, n) => this.start(`${name}${n}`, each(n))));
  }

  /** A worker in a process of its own. */
  spawn(name: string, heed: Heed = 'all'): MintingChild {
    const { prefix, endpoints } = this;
    const child = new MintingChild({ name, prefix, endpoints, tryMs: TRY_MS, timing: SHORT, heed });
    this.#workers.push(child);
    return child;
  }

  /** Resolves when the watch saw the claim of that node gone: when it heard of it, as `hostMs`. */
  async claimGone(node: number, withinMs = 30_000): Promise<number> {
    const seen = (): StoreEvent | undefined =>
      this.watch.events.find(({ key, value }) => key === `claim/${node}` && value === undefined);
    await until(() => seen() !== undefined, withinMs);
    return seen()!.seenMs;
  }

  /** Ends all workers as a power cut does, and judges what they minted. */
  async verdict(): Promise<Verdict> {
    await Promise.all(this.#workers.map((worker) => worker.vanish()));
    return judge(this.#workers satisfies WorkerLog[], await this.watch.caughtUp());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.vanish()));
    for (const store of this.#stores) store.close();
    await this.watch[Symbol.asyncDispose]();
  }
}

/** Polls; what is awaited is named by the condition's own text. */
export async function until(condition: () => unknown, withinMs = 20_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${String(condition)}`);
    await systemClock.sleep(20);
  }
}

export const isMinting = (worker: MintingWorker): boolean => worker.all('minted').length > 0;
