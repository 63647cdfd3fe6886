import { connect } from 'node:net';
import type { Message } from '../../../src/kafka/wire/message.ts';
import { Reader } from '../../../src/kafka/wire/reader.ts';
import { Writer } from '../../../src/kafka/wire/writer.ts';

const API_VERSIONS = 18;
const TIMEOUT_MS = 20_000;

/** The length goes before the frame and does not count itself. */
function frame<Request>(message: Message<Request, unknown>, request: Request, correlationId: number): Buffer {
  const body = new Writer();
  body.int16(message.apiKey);
  body.int16(message.version);
  body.int32(correlationId);
  body.nullableString('wire-test');
  body.tags(); // request header v2
  message.encode(body, request);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, ...body.chunks()]);
}

/** A socket of its own for one request: as bare as can be, so that nothing but the encodings is tested. Requires the answer to be read to its last byte. */
export async function ask<Request, Answer>(
  address: string,
  message: Message<Request, Answer>,
  request: Request,
): Promise<Answer> {
  const url = new URL(`kafka://${address}`);
  const socket = connect(Number(url.port), url.hostname);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${message.name}: no answer`)));
  try {
    const correlationId = 7;
    socket.write(frame(message, request, correlationId));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE()) break;
    }
    if (received.length < 4) throw new Error(`${message.name}: the broker closed the connection`);
    const reader = new Reader(received.subarray(4));
    if (reader.int32() !== correlationId) throw new Error(`${message.name}: the answer to something else`);
    if (message.apiKey !== API_VERSIONS) reader.tags(); // answer header v1, but for KIP-511
    const answer = message.decode(reader);
    if (reader.remaining !== 0) throw new Error(`${message.name}: ${reader.remaining} bytes left over`);
    return answer;
  } finally {
    socket.destroy();
  }
}
