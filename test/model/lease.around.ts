import type { Transaction } from '../../src/lease/store.ts';
import { leaseOf, nonceOf } from './lease.bounds.ts';
import { enter } from './lease.log.ts';
import type { Log, Minted, Promises } from './lease.log.ts';
import { Numbered, Remembered } from './lease.numbered.ts';
import { execute, expire, INITIAL_STORE, isHopeless, openLease, withoutIdleLeases } from './lease.store.ts';
import type { Store } from './lease.store.ts';

interface Around {
  readonly store: Store;
  /** Numbers of the requests that may yet arrive, any number of times. */
  readonly net: readonly number[];
  readonly log: Log;
  /** CLAIMs sent so far. */
  readonly claims: number;
}

export const NONE = -1;
/** Above the number of different requests. */
const REQUESTS = 2 ** 12;

/** All there is around the processes: store, net and joined log. Everything goes by number here. */
export class Surroundings {
  readonly #all = new Numbered<Around>();
  readonly #stores = new Numbered<Store>();
  readonly #requests = new Numbered<Transaction>();
  readonly #names: string[] = [];
  readonly #minted = new Numbered<Minted>();
  readonly #promises: Promises;
  readonly #restores: boolean;

  constructor(promises: Promises, restores: boolean) {
    this.#promises = promises;
    this.#restores = restores;
  }

  begin(): number {
    return this.#all.of({ store: INITIAL_STORE, net: [], log: [], claims: 0 });
  }

  requestOf(transaction: Transaction, name: string): number {
    const number = this.#requests.of(transaction);
    this.#names[number] ??= name;
    return number;
  }

  mintedOf(minted: Minted): number {
    return this.#minted.of(minted);
  }

  storeAt(store: number): Store {
    return this.#stores.at(store);
  }

  claimsOf(around: number): number {
    return this.#all.at(around).claims;
  }

  readonly storeOf = new Remembered((around) => this.#stores.of(this.#all.at(around).store));

  /** Each request on its way, and what its arrival changes. */
  readonly arrivals = new Remembered((number) => {
    const around = this.#all.at(number);
    return around.net.map((request) => {
      const { store } = execute(around.store, this.#requests.at(request));
      return { name: `${this.#names[request]} arrives`, request, to: this.#all.of({ ...around, store }) };
    });
  });

  readonly misfortunes = new Remembered((number) => {
    const around = this.#all.at(number);
    const ends = around.store.leases.map((lease) => ({
      name: `${lease} ends`,
      store: expire(around.store, lease),
    }));
    const back = { name: 'the store is restored from a backup', store: INITIAL_STORE };
    const all = this.#restores ? [...ends, back] : ends;
    return all.map(({ name, store }) => ({ name, to: this.#all.of({ ...around, store }) }));
  });

  /** With a lease for one more CLAIM. */
  readonly claiming = new Remembered((number) => {
    const around = this.#all.at(number);
    const claims = around.claims + 1;
    return this.#all.of({ ...around, claims, store: openLease(around.store, leaseOf(nonceOf(claims))) });
  });

  /** With these IDs in the log; a string says what they break. */
  readonly entered = new Remembered((number, minted): number | string => {
    const around = this.#all.at(number);
    const log = enter(around.log, this.#minted.at(minted), this.#promises);
    return typeof log === 'string' ? log : this.#all.of({ ...around, log });
  });

  /** With the requests two processes wait for on their way, and without what can change nothing any more. */
  settled(number: number, requestA: number, requestB: number): number {
    return this.#settled.at(number, (requestA + 1) * REQUESTS + requestB + 1);
  }

  readonly #settled = new Remembered((number, pinned) => {
    const around = this.#all.at(number);
    const awaited = [Math.floor(pinned / REQUESTS) - 1, (pinned % REQUESTS) - 1].filter(
      (request) => request !== NONE,
    );
    const isLeft = (request: number): boolean =>
      this.#restores || !isHopeless(around.store, this.#requests.at(request));
    const net = [...new Set([...awaited, ...around.net.filter(isLeft)])].sort((a, b) => a - b);
    const store = withoutIdleLeases(
      around.store,
      net.map((request) => this.#requests.at(request)),
    );
    return this.#all.of({ ...around, store, net });
  });
}
