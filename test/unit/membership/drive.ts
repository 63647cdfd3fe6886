import { step } from '../../../src/kafka/membership/machine.ts';
import type { TopicPartition } from '../../../src/kafka/membership/partition.ts';
import {
  birth,
  tagOf,
  type Asked,
  type Effect,
  type Event,
  type Phase,
  type State,
} from '../../../src/kafka/membership/state.ts';

export type Act<Name extends Effect['act']> = Extract<Effect, { act: Name }>;

export const tp = (partition: number, topic = 't'): TopicPartition => ({ topic, partition });

/** Drives the machine by hand and remembers what it did in the last step. */
export class Driver {
  state: State = birth;
  effects: readonly Effect[] = [];
  readonly #isStatic: boolean;

  constructor({ isStatic = false } = {}) {
    this.#isStatic = isStatic;
  }

  on(event: Event): this {
    ({ state: this.state, effects: this.effects } = step({ isStatic: this.#isStatic }, this.state, event));
    return this;
  }

  get at(): Phase['at'] {
    return this.state.phase.at;
  }

  get core() {
    return this.state.core;
  }

  get tag() {
    return tagOf(this.state.core);
  }

  acts(): Effect['act'][] {
    return this.effects.map((effect) => effect.act).filter((act) => act !== 'tell');
  }

  facts() {
    return this.effects.flatMap((effect) => (effect.act === 'tell' ? [effect.fact] : []));
  }

  one<Name extends Effect['act']>(act: Name): Act<Name> {
    const found = this.effects.filter((effect): effect is Act<Name> => effect.act === act);
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} × ${act}`);
    return only;
  }

  refused(request: Asked, code: number, memberId = ''): this {
    return this.on({ on: 'refused', request, tag: this.tag, code, memberId });
  }

  unanswered(request: Asked): this {
    return this.on({ on: 'unanswered', request, tag: this.tag, failure: 'closed' });
  }

  found(node = 1): this {
    return this.on({ on: 'found', term: this.core.term, node });
  }

  joined(generation: number, memberId = 'me'): this {
    return this.on({ on: 'joined', tag: this.tag, generation, memberId, leader: false });
  }

  synced(...own: TopicPartition[]): this {
    return this.on({ on: 'synced', tag: this.tag, own });
  }

  /** Ends the drain the machine asked for last. */
  drained(drain: Act<'drain'>): this {
    const { incarnation, drain: number, partitions } = drain;
    return this.on({ on: 'drained', incarnation, drain: number, partitions });
  }

  waited(): this {
    return this.on(this.one('wait').then);
  }

  joining(): this {
    return this.on({ on: 'start', topics: ['t'] }).found();
  }

  syncing(): this {
    return this.joining().joined(7);
  }

  stable(...own: TopicPartition[]): this {
    return this.syncing().synced(...(own.length > 0 ? own : [tp(0), tp(1)]));
  }

  /** Owns 0 and 1, drains 1. */
  revoking(): this {
    return this.stable().refused('heartbeat', 27).joined(8).synced(tp(0));
  }

  leaving(): this {
    return this.stable().on({ on: 'stop' });
  }
}
