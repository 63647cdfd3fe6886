import type { AskingEffect } from '../../src/lease/asks.ts';
import { NONE, Surroundings } from './lease.around.ts';
import { nonceOf } from './lease.bounds.ts';
import type { Promises } from './lease.log.ts';
import { Numbered, Remembered } from './lease.numbered.ts';
import { claim, hear, movesOf, started } from './lease.process.ts';
import type { Parts, Process } from './lease.process.ts';

export interface Bounds {
  readonly parts: Parts;
  /** CLAIMs sent, by both processes together. */
  readonly claims: number;
  readonly promises: Promises;
}

/** Told of every move from a world: where it leads, or what it breaks. */
export type Visit = (to: number, name: string, broken?: string) => void;

/** Above the number of different processes. */
const PROCESSES = 2 ** 15;
const LARGEST = Number.MAX_SAFE_INTEGER;

/**
 * Two processes and what is around them, and all that may happen, as moves from number to number. Each part of a world
 * is numbered when first met, and what the code under test does with it is asked once and remembered: so a world is one
 * exact number, and a move a few look-ups.
 */
export class Space {
  readonly #parts: Parts;
  readonly #claims: number;
  readonly #around: Surroundings;
  readonly #processes = new Numbered<Process>();

  constructor({ parts, claims, promises }: Bounds) {
    this.#parts = parts;
    this.#claims = claims;
    this.#around = new Surroundings(promises, parts.restores);
  }

  begin(): number {
    const first = this.#numberOf(started(this.#parts));
    return this.#worldOf(this.#around.begin(), first, first);
  }

  movesFrom(world: number, visit: Visit): void {
    const b = world % PROCESSES;
    const rest = (world - b) / PROCESSES;
    const a = rest % PROCESSES;
    const around = (rest - a) / PROCESSES;
    this.#movesOf(around, a, b, visit);
    if (a !== b) this.#movesOf(around, b, a, visit);
    const store = this.#around.storeOf.at(around);
    for (const { name, request, to } of this.#around.arrivals.at(around)) {
      const toA = this.#asks.at(a).request === request ? this.#heard.at(a, store) : a;
      const toB = this.#asks.at(b).request === request ? this.#heard.at(b, store) : b;
      if (to !== around || toA !== a || toB !== b) visit(this.#worldOf(to, toA, toB), name);
    }
    for (const { name, to } of this.#around.misfortunes.at(around)) visit(this.#worldOf(to, a, b), name);
  }

  #movesOf(around: number, mine: number, other: number, visit: Visit): void {
    for (const { name, to, minted } of this.#own.at(mine)) {
      const after = minted === NONE ? around : this.#around.entered.at(around, minted);
      if (typeof after === 'string') visit(NONE, name, after);
      else visit(this.#worldOf(after, to, other), name);
    }
    const { what } = this.#asks.at(mine);
    if (what === 'look') {
      const to = this.#heard.at(mine, this.#around.storeOf.at(around));
      if (to !== mine) visit(this.#worldOf(around, to, other), `the store answers ${this.#who.at(mine)}`);
    }
    if (what === 'survey' && this.#around.claimsOf(around) < this.#claims) {
      const to = this.#claimed.at(mine, around);
      visit(this.#worldOf(this.#around.claiming.at(around), to, other), `${this.#who.at(to)} claims`);
    }
  }

  /** Processes are alike: two worlds that differ only in which is which are one. */
  #worldOf(around: number, a: number, b: number): number {
    const settled = this.#around.settled(around, this.#asks.at(a).request, this.#asks.at(b).request);
    const pair = a < b ? a * PROCESSES + b : b * PROCESSES + a;
    const world = settled * PROCESSES * PROCESSES + pair;
    if (world > LARGEST) throw new RangeError('more different surroundings than a world has room for');
    return world;
  }

  #numberOf(process: Process): number {
    const { machine, minting, asked, heard, surveyedMs } = process;
    const number = this.#processes.of({ machine, minting, asked, heard, surveyedMs });
    if (number >= PROCESSES) throw new RangeError('more different processes than a world has room for');
    return number;
  }

  readonly #own = new Remembered((number) => {
    const moves = new Map<string, { name: string; to: number; minted: number }>();
    for (const { name, to, minted } of movesOf(this.#parts, this.#processes.at(number))) {
      const move = {
        name: `${this.#who.at(number)} ${name}`,
        to: this.#numberOf(to),
        minted: minted === undefined ? NONE : this.#around.mintedOf(minted),
      };
      const key = `${move.to} ${move.minted}`;
      if (!moves.has(key) && (move.to !== number || move.minted !== NONE)) moves.set(key, move);
    }
    return [...moves.values()];
  });

  /** What a process waits for; `request`: the transaction that must arrive for it. */
  readonly #asks = new Remembered((number) => {
    const { asked } = this.#processes.at(number);
    if (asked === undefined || asked.do === 'survey') return { what: asked?.do, request: NONE };
    const ask = this.#parts.ask(asked);
    if (!('send' in ask)) return { what: 'look', request: NONE };
    return { what: 'send', request: this.#around.requestOf(ask.send, nameOf(asked)) };
  });

  readonly #who = new Remembered((number) => nonceIn(this.#processes.at(number)) ?? 'a process');

  /** A process, once what it asks was answered by this store. */
  readonly #heard = new Remembered((process, store) =>
    this.#numberOf(hear(this.#parts, this.#processes.at(process), this.#around.storeAt(store))),
  );

  readonly #claimed = new Remembered((process, around) => {
    const store = this.#around.storeAt(this.#around.storeOf.at(around));
    const nonce = nonceOf(this.#around.claimsOf(around) + 1);
    return this.#numberOf(claim(this.#parts, this.#processes.at(process), nonce, store));
  });
}

function nonceIn({ machine }: Process): string | undefined {
  if (machine.at === 'acquiring') return 'nonce' in machine.step ? machine.step.nonce : undefined;
  if (machine.at === 'releasing') return machine.release.incarnation.nonce;
  return 'hold' in machine ? machine.hold.incarnation.nonce : undefined;
}

function nameOf(asked: AskingEffect): string {
  if (asked.do === 'claim') return `CLAIM of ${asked.nonce}`;
  if (asked.do === 'grant') return `GRANT of ${asked.incarnation.nonce} to ${asked.untilMs}`;
  if (asked.do !== 'release') return asked.do;
  return `RELEASE of ${asked.release.incarnation.nonce} at ${asked.release.lastTimestampMs}`;
}
