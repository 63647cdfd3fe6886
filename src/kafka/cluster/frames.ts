import type { Socket } from 'node:net';
import { readInto } from './one-buffer.ts';

/** Far above any Fetch limit; a larger size is another protocol talking (a TLS alert reads as 352 MB). */
export const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const SIZE_BYTES = 4;
const CORRELATION_BYTES = 4;

/** The broker sent what cannot be an answer. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/**
 * Cuts a byte stream into answers: int32 size, then that many bytes. Each is copied once, into a buffer of its own size: the chunk
 * may be used again for the next read. PURE.
 */
export class FrameAssembler {
  readonly #size = Buffer.alloc(SIZE_BYTES);
  #sizeFilled = 0;
  #body: Buffer | undefined;
  #bodyFilled = 0;

  /** Calls `emit` for every answer completed by `chunk`. Throws FrameError; the stream is of no use afterwards. */
  push(chunk: Buffer, emit: (frame: Buffer) => void): void {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#body === undefined ? this.#begin(rest, emit) : this.#fill(this.#body, rest, emit);
    }
  }

  #begin(chunk: Buffer, emit: (frame: Buffer) => void): Buffer {
    const taken = chunk.copy(this.#size, this.#sizeFilled);
    this.#sizeFilled += taken;
    const rest = chunk.subarray(taken);
    if (this.#sizeFilled < SIZE_BYTES) return rest;
    this.#sizeFilled = 0;
    const size = this.#size.readInt32BE(0);
    if (size < CORRELATION_BYTES || size > MAX_ANSWER_BYTES) throw new FrameError(`answer of ${size} bytes`);
    if (rest.length >= size) {
      emit(Buffer.from(rest.subarray(0, size)));
      return rest.subarray(size);
    }
    this.#body = Buffer.allocUnsafeSlow(size);
    this.#bodyFilled = 0;
    return rest;
  }

  #fill(body: Buffer, chunk: Buffer, emit: (frame: Buffer) => void): Buffer {
    const taken = chunk.copy(body, this.#bodyFilled);
    this.#bodyFilled += taken;
    if (this.#bodyFilled === body.length) {
      this.#body = undefined;
      emit(body);
    }
    return chunk.subarray(taken);
  }
}

export interface FrameListener {
  frame(bytes: Buffer): void;
  /** The socket is of no use any more. Called once. */
  gone(why: string, cause?: unknown): void;
}

const ignore = (): void => undefined;

/** Feeds a socket's answers to `listener` until it is gone; the returned function ends that silently. */
export function listen(socket: Socket, listener: FrameListener): () => void {
  const assembler = new FrameAssembler();
  let attached = true;
  const detach = (): void => {
    attached = false;
    stopReading();
    socket.off('end', onEnd).off('close', onEnd).off('error', onError);
  };
  const gone = (why: string, cause?: unknown): void => {
    if (!attached) return;
    detach();
    listener.gone(why, cause);
  };
  const onData = (chunk: Buffer): void => {
    try {
      assembler.push(chunk, (frame) => {
        if (attached) listener.frame(frame);
      });
    } catch (cause) {
      gone('malformed answer', cause);
    }
  };
  const onEnd = (): void => {
    gone('closed by the broker');
  };
  const onError = (cause: Error): void => {
    gone(cause.message, cause);
  };
  // The last one stays: an error that arrives after we let go must not end the process.
  const stopReading = readInto(socket, onData);
  socket.on('end', onEnd).on('close', onEnd).on('error', onError).on('error', ignore);
  return detach;
}
