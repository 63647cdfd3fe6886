import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import type { Message } from '../wire/message.ts';

type Framed = Pick<Message<never, unknown>, 'apiKey' | 'version' | 'flexible'>;

const API_VERSIONS = 18;

/**
 * Size and request header: v2 for flexible messages (v1 and an empty tag section, KIP-482), else v1.
 * The client id is a classic nullable string in both.
 */
export function requestHead(
  message: Framed,
  correlationId: number,
  clientId: Buffer,
  bodyBytes: number,
): Buffer {
  const tagBytes = message.flexible ? 1 : 0;
  const headerBytes = 10 + clientId.length + tagBytes;
  const head = Buffer.alloc(4 + headerBytes);
  head.writeInt32BE(headerBytes + bodyBytes, 0);
  head.writeInt16BE(message.apiKey, 4);
  head.writeInt16BE(message.version, 6);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(clientId.length, 12);
  clientId.copy(head, 14);
  return head;
}

/** The request's body in chunks; large byte fields are the caller's own buffers, not copies. */
export function requestBody<Request>(
  message: Message<Request, unknown>,
  request: Request,
): { chunks: Uint8Array[]; length: number } {
  const writer = new Writer();
  message.encode(writer, request);
  return { chunks: writer.chunks(), length: writer.length };
}

export const correlationOf = (frame: Buffer): number => frame.readInt32BE(0);

/**
 * Reads an answer past its header: v1 (with tags) for flexible messages, else v0. ApiVersions always answers
 * with v0, so that a client can read it before it knows what the broker speaks (KIP-511).
 */
export function readAnswer<Answer>(message: Message<never, Answer>, frame: Buffer): Answer {
  const reader = new Reader(frame.subarray(4));
  if (message.flexible && message.apiKey !== API_VERSIONS) reader.tags();
  return message.decode(reader);
}

/** KIP-219: how long to leave the broker alone after this answer. Milliseconds, 0 when it said nothing. */
export function throttleOf(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null || !('throttleTimeMs' in answer)) return 0;
  return typeof answer.throttleTimeMs === 'number' && answer.throttleTimeMs > 0 ? answer.throttleTimeMs : 0;
}
