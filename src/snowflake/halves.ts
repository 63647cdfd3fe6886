import type { Layout } from './layout.ts';
import { shiftOf } from './layout.ts';

/**
 * The IDs of one node as two unsigned 32-bit halves, by multiplication and remainder: JavaScript's shifts work modulo 32 on
 * 32-bit numbers, and the timestamp alone has up to 50. Node and sequence fill at most 32 bits, so within one millisecond
 * only the lower half moves, and never carries.
 */
export class Halves {
  readonly layout: Layout;
  readonly node: number;
  readonly #epochMs: number;
  /** Timestamps that share an upper half; 1 when node and sequence fill the whole lower half. */
  readonly #timestampsPerHigh: number;
  readonly #lowPerTimestamp: number;
  readonly #nodeLow: number;

  constructor(layout: Layout, node: number) {
    this.layout = layout;
    this.node = node;
    this.#epochMs = layout.epochMs;
    this.#timestampsPerHigh = 2 ** (32 - shiftOf(layout));
    this.#lowPerTimestamp = 2 ** shiftOf(layout);
    this.#nodeLow = node * 2 ** layout.sequenceBits;
  }

  high(timestampMs: number): number {
    return Math.floor((timestampMs - this.#epochMs) / this.#timestampsPerHigh);
  }

  /** Of sequence 0: add the sequence. */
  low(timestampMs: number): number {
    const timestamp = timestampMs - this.#epochMs;
    const timestampLow =
      timestamp - Math.floor(timestamp / this.#timestampsPerHigh) * this.#timestampsPerHigh;
    return timestampLow * this.#lowPerTimestamp + this.#nodeLow;
  }
}
