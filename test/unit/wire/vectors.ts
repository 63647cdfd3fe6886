import { readFileSync } from 'node:fs';
import type { Message } from '../../../src/kafka/wire/message.ts';
import { Reader } from '../../../src/kafka/wire/reader.ts';
import { Writer } from '../../../src/kafka/wire/writer.ts';

/** What Kafka's own classes make of the samples; GoldenVectors.java prints it. */
const GOLDEN = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;

export const goldenTitles = Object.keys(GOLDEN);

export function golden(title: string): Uint8Array {
  const hex = GOLDEN[title];
  if (hex === undefined) throw new Error(`golden.json has no "${title}"`);
  return Buffer.from(hex, 'hex');
}

/** One value of one message, with its title in golden.json and the value's type out of sight. */
interface Sample {
  readonly title: string;
  readonly value: unknown;
}

export interface RequestSample extends Sample {
  encode(): Uint8Array;
}

export interface AnswerSample extends Sample {
  /** What was decoded, and how many bytes were left over. */
  decode(bytes: Uint8Array): { readonly value: unknown; readonly remaining: number };
}

export function request<Request, Answer>(
  message: Message<Request, Answer>,
  value: Request,
  variant = '',
): RequestSample {
  return {
    title: `${message.name} request${variant}`,
    value,
    encode() {
      const writer = new Writer();
      message.encode(writer, value);
      return writer.toBytes();
    },
  };
}

export function answer<Request, Answer>(
  message: Message<Request, Answer>,
  value: Answer,
  variant = '',
): AnswerSample {
  return {
    title: `${message.name} answer${variant}`,
    value,
    decode(bytes) {
      const reader = new Reader(bytes);
      return { value: message.decode(reader), remaining: reader.remaining };
    },
  };
}

export const PRODUCER_ID = 0x7fee_ddcc_bbaa_9988n;
export const FAR = Number.MAX_SAFE_INTEGER;
export const NEW_YEAR_MS = 1_735_689_600_000;
export const bytes = (...values: number[]): Uint8Array => Buffer.from(values);
