import { Etcd3 } from 'etcd3';
import { hostMs } from './mint-log.ts';
import type { StoreEvent } from './store-history.ts';

const PATIENCE_MS = 30_000;
const CANCEL_MS = 2_000;

/** Everything that happens to windows and claims under a prefix, as etcd tells it: the judge's second witness. */
export class EtcdWatch implements AsyncDisposable {
  readonly events: StoreEvent[] = [];
  readonly #client: Etcd3;
  readonly #prefix: string;
  readonly #marks = new Map<string, () => void>();
  #cancel: () => Promise<void> = () => Promise.resolve();

  private constructor(endpoints: string[], prefix: string) {
    this.#client = new Etcd3({ hosts: endpoints });
    this.#prefix = prefix;
  }

  /** Follows from the prefix's beginning: give it endpoints that outlive the fault, or that come back on the same data. */
  static async follow(endpoints: string[], prefix: string): Promise<EtcdWatch> {
    const watch = new EtcdWatch(endpoints, prefix);
    const watcher = await watch.#client.watch().prefix(`${prefix}/`).startRevision('1').create();
    watcher.on('data', ({ events }) => {
      const seenMs = hostMs();
      for (const { type, kv } of events) {
        const key = kv.key.toString().slice(prefix.length + 1);
        if (key.startsWith('mark/')) watch.#marks.get(key)?.();
        if (!/^(?:window|claim)\//.test(key)) continue;
        const value = type === 'Delete' ? undefined : kv.value.toString();
        watch.events.push({ revision: BigInt(kv.mod_revision), key, value, seenMs });
      }
    });
    watch.#cancel = () => watcher.cancel();
    return watch;
  }

  /** Resolves once everything up to now has been told. */
  async caughtUp(): Promise<readonly StoreEvent[]> {
    const key = `mark/${crypto.randomUUID()}`;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#marks.set(key, () => {
      resolve(undefined);
    });
    const late = setTimeout(() => {
      reject(new Error(`the watch did not catch up within ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
    try {
      await this.#client.put(`${this.#prefix}/${key}`).value('').exec();
      await promise;
    } finally {
      clearTimeout(late);
    }
    return this.events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A watcher whose etcd was stopped may never hear that it was cancelled.
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(late.resolve, CANCEL_MS, undefined);
    await Promise.race([this.#cancel().catch(() => undefined), late.promise]);
    clearTimeout(timer);
    this.#client.close();
  }
}
