import type { TopicPartition } from './partition.ts';

/** `owned`: the holder processes it now, moving it costs a pause; `loose`: nobody does, moving it costs nothing. */
type Hold = 'owned' | 'loose';
type Held = Record<Hold, TopicPartition[]>;

interface Step {
  readonly from: string;
  readonly topic: string;
}

/**
 * Who holds what while an assignment is worked out. Loads are levelled along paths (A gives to B, B to C), which is
 * what makes the result optimal when members subscribe to different topics: an assignment minimises the sum of squared
 * loads exactly when no path leads from a member to one with at least two partitions fewer
 * (Harvey, Ladner, Lovász, Tamir: Semi-matchings for bipartite graphs and load balancing, 2003).
 */
export class Loads {
  readonly #subscribers: ReadonlyMap<string, readonly string[]>;
  readonly #held = new Map<string, Map<string, Held>>();
  readonly #load = new Map<string, number>();

  constructor(members: readonly string[], subscribers: ReadonlyMap<string, readonly string[]>) {
    this.#subscribers = subscribers;
    for (const member of [...members].sort()) {
      this.#held.set(member, new Map());
      this.#load.set(member, 0);
    }
  }

  of(member: string): TopicPartition[] {
    return [...(this.#held.get(member)?.values() ?? [])].flatMap(({ owned, loose }) => [...owned, ...loose]);
  }

  place(tp: TopicPartition, member: string, hold: Hold): void {
    this.#heldBy(member, tp.topic)[hold].push(tp);
    this.#load.set(member, this.#loadOf(member) + 1);
  }

  /** A topic without subscribers leaves the partition with nobody. */
  placeLeastLoaded(tp: TopicPartition): void {
    const candidates = this.#subscribers.get(tp.topic) ?? [];
    let least: string | undefined;
    for (const member of candidates) {
      if (least === undefined || this.#loadOf(member) < this.#loadOf(least)) least = member;
    }
    if (least !== undefined) this.place(tp, least, 'loose');
  }

  /**
   * Moves partitions until no path improves; each move lowers the sum of squares, so this ends. `loose` leaves owned ones
   * where they are: done first, so that an owned partition moves only if no placement of the loose ones would do. That
   * is also why a transfer ends: its second round finds the first round's target again by moving loose ones only.
   */
  balance(movable: 'loose' | 'all'): void {
    for (let path = this.#findPath(movable); path !== undefined; path = this.#findPath(movable)) {
      for (const { from, to, topic } of path) this.#move(topic, from, to);
    }
  }

  #findPath(movable: 'loose' | 'all') {
    const heaviestFirst = [...this.#load].sort((a, b) => b[1] - a[1]).map(([member]) => member);
    for (const start of heaviestFirst) {
      const steps = this.#reach(start, movable);
      const end = this.#lightest(steps.keys());
      if (end !== undefined && this.#loadOf(end) <= this.#loadOf(start) - 2) return pathTo(end, start, steps);
    }
    return undefined;
  }

  /** Breadth first: every member that can come to hold one more if `start` gives one away, with the last step there. */
  #reach(start: string, movable: 'loose' | 'all'): Map<string, Step> {
    const steps = new Map<string, Step>();
    const seenTopics = new Set<string>();
    const queue = [start];
    for (const from of queue) {
      for (const [topic, { owned, loose }] of this.#held.get(from) ?? []) {
        const canMove = loose.length > 0 || (movable === 'all' && owned.length > 0);
        if (!canMove || seenTopics.has(topic)) continue;
        seenTopics.add(topic);
        for (const to of this.#subscribers.get(topic) ?? []) {
          if (to === start || steps.has(to)) continue;
          steps.set(to, { from, topic });
          queue.push(to);
        }
      }
    }
    return steps;
  }

  #lightest(members: Iterable<string>): string | undefined {
    let best: string | undefined;
    for (const member of members) {
      if (best === undefined || this.#loadOf(member) < this.#loadOf(best)) best = member;
    }
    return best;
  }

  #move(topic: string, from: string, to: string): void {
    const { owned, loose } = this.#heldBy(from, topic);
    const tp = loose.pop() ?? owned.pop();
    if (tp === undefined) return;
    this.#load.set(from, this.#loadOf(from) - 1);
    this.place(tp, to, 'loose');
  }

  #loadOf(member: string): number {
    return this.#load.get(member) ?? 0;
  }

  #heldBy(member: string, topic: string): Held {
    const topics = this.#held.get(member) ?? new Map<string, Held>();
    this.#held.set(member, topics);
    const held = topics.get(topic) ?? { owned: [], loose: [] };
    topics.set(topic, held);
    return held;
  }
}

function pathTo(end: string, start: string, steps: ReadonlyMap<string, Step>) {
  const path: { from: string; to: string; topic: string }[] = [];
  for (let to = end; to !== start;) {
    const step = steps.get(to);
    if (step === undefined) break;
    path.unshift({ from: step.from, to, topic: step.topic });
    to = step.from;
  }
  return path;
}
