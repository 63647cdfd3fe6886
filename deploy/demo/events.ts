import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';

/** One plain event, as a producer who knows nothing of snowstamp would send it. */
export interface PlainEvent {
  readonly key: string;
  readonly value: string;
  readonly timestamp: string;
}

interface Quake {
  readonly id: string;
  readonly properties: { readonly time: number };
}

interface Flight {
  readonly date: string;
  readonly origin: string;
}

const data = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');
const read = (file: string): unknown => JSON.parse(readFileSync(join(data, file), 'utf8'));

/** The earthquakes of one week, keyed by their id (U.S. Geological Survey, from the vega-datasets package). */
export function earthquakes(): PlainEvent[] {
  const { features } = read('earthquakes.json') as { features: Quake[] };
  return features.map((quake) => ({
    key: quake.id,
    value: JSON.stringify(quake),
    timestamp: String(quake.properties.time),
  }));
}

/** Flights within the United States, keyed by the airport they leave from (Bureau of Transportation Statistics, likewise). */
export function flights(copies: number): PlainEvent[] {
  const list = read('flights-20k.json') as Flight[];
  const now = Date.now();
  return Array.from({ length: copies }, () => list)
    .flat()
    .map((flight, i) => ({
      key: flight.origin,
      value: JSON.stringify(flight),
      timestamp: String(now + (i % 1_000)),
    }));
}
