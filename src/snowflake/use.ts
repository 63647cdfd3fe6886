const SAMPLE_MS = 100;
const TAU_MS = 1_000;
const KEEP_PER_SAMPLE = Math.exp(-SAMPLE_MS / TAU_MS);

/**
 * Sequence use: IDs reserved ÷ (IDs one node has per millisecond × elapsed ms), in samples of 100 ms, smoothed with a
 * time constant of 1 s. 1 is all a node can mint; a spent lead shows as slightly more. Decays with time even when nothing is
 * reserved, so a valve shut by it opens again (P6). The value depends on what was reserved when, not on when it is read.
 */
export class SequenceUse {
  readonly #idsPerSample: number;
  #smoothed = 0;
  #sampleStartMs: number | undefined;
  #sampleIds = 0;

  constructor(idsPerMs: number) {
    this.#idsPerSample = idsPerMs * SAMPLE_MS;
  }

  record(ids: number, monotonicMs: number): void {
    this.#closeSamples(monotonicMs);
    this.#sampleIds += ids;
  }

  /** 0 … 1 and a little above; as of the last full sample. */
  read(monotonicMs: number): number {
    this.#closeSamples(monotonicMs);
    return this.#smoothed;
  }

  #closeSamples(monotonicMs: number): void {
    this.#sampleStartMs ??= monotonicMs;
    const samples = Math.floor((monotonicMs - this.#sampleStartMs) / SAMPLE_MS);
    if (samples < 1) return;
    const use = this.#sampleIds / this.#idsPerSample;
    this.#smoothed = use + (this.#smoothed - use) * KEEP_PER_SAMPLE;
    // The samples after the first saw no IDs: they only decay, however many they are.
    this.#smoothed *= KEEP_PER_SAMPLE ** (samples - 1);
    this.#sampleStartMs += samples * SAMPLE_MS;
    this.#sampleIds = 0;
  }
}
