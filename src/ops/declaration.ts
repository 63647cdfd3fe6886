import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Where metrics are declared: one registry, prefix `snowstamp_`, Node's own metrics beside ours. The only prom-client. */
export class Declaration {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name: `snowstamp_${name}`, help, labelNames, registers: [this.#registry] });
  }

  counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `snowstamp_${name}`, help, labelNames, registers: [this.#registry] });
  }

  histogram(name: string, help: string): Histogram {
    return new Histogram({
      name: `snowstamp_${name}`,
      help,
      buckets: SECONDS,
      registers: [this.#registry],
    });
  }
}
