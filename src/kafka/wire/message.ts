import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * One request and its answer at one version of the Kafka protocol.
 * `encode` writes the request body and `decode` reads the answer's body; headers, framing and
 * correlation belong to the connection. `flexible` messages carry tagged fields (KIP-482): the
 * connection then uses request header v2 and answer header v1.
 */
export interface Message<Request, Answer> {
  readonly name: string;
  readonly apiKey: number;
  readonly version: number;
  readonly flexible: boolean;
  encode(writer: Writer, request: Request): void;
  decode(reader: Reader): Answer;
}
