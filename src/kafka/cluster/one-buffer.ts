import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { SocketFactory } from './options.ts';

/** What one read may bring; several answers, or a part of a large one. */
const READ_BYTES = 262_144;

type Sink = (chunk: Buffer) => void;

const sinks = new WeakMap<Socket, { sink: Sink | undefined }>();

/**
 * Sockets that read into one buffer of their own, over and over. Node else makes a buffer per read, and V8 counts them: every
 * 64 MiB of them cost a collection of the whole heap, which at full throughput was a third of the worker's CPU. Until `readInto`
 * the bytes come as `data` events, copied, as KafkaJS's handshake wants them.
 */
export function oneBufferSockets(): SocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const reader: { sink: Sink | undefined } = { sink: undefined };
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length: number, buffer: Uint8Array): boolean => {
        const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
        if (reader.sink === undefined) socket.emit('data', Buffer.from(chunk));
        else reader.sink(chunk);
        return true;
      },
    };
    // `ssl` is null without TLS: KafkaJS's own factory looks at it the same way.
    const secure = ssl as typeof ssl | null;
    const to = { host, port, onread };
    const secureOptions: ConnectionOptions & typeof to = {
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...secure,
      ...to,
    };
    const socket: Socket = secure === null ? connect(to, onConnect) : connectTls(secureOptions, onConnect);
    sinks.set(socket, reader);
    return socket;
  };
}

/**
 * From now on `sink` gets the bytes of `socket`, in a chunk that is only good during the call; the returned function ends that.
 * Sockets of another make are read by their `data` events.
 */
export function readInto(socket: Socket, sink: Sink): () => void {
  const reader = sinks.get(socket);
  if (reader === undefined) {
    socket.on('data', sink);
    return () => socket.off('data', sink);
  }
  reader.sink = sink;
  return () => {
    reader.sink = undefined;
  };
}
