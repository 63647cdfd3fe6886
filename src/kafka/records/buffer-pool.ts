import { Buffer } from 'node:buffer';
import { Bytes } from './copy.ts';

const SMALLEST_BYTES = 4_096;

export type PooledBuffer = Bytes;

/**
 * Buffers for outgoing batches, reused by size class (powers of two, from 4 KiB). Their content is whatever was there before.
 * The pool bounds what lies *idle*; what is handed out is bounded by those who ask (data-path rule 14) and is counted here.
 */
export class BufferPool {
  private readonly maxIdleBytes: number;
  private readonly idle = new Map<number, PooledBuffer[]>();
  private readonly lent = new Set<PooledBuffer>();
  private idleTotal = 0;
  private lentTotal = 0;

  /** At most `maxIdleBytes` are kept for reuse; released buffers beyond it go to the garbage collector. */
  constructor(maxIdleBytes: number) {
    this.maxIdleBytes = maxIdleBytes;
  }

  /** Bytes kept for reuse. */
  get idleBytes(): number {
    return this.idleTotal;
  }

  /** Bytes handed out and not yet released. */
  get lentBytes(): number {
    return this.lentTotal;
  }

  /** A buffer of at least `bytes` bytes (1 … 2^30), valid until released. */
  acquire(bytes: number): PooledBuffer {
    const size = sizeClass(bytes);
    const reused = this.idle.get(size)?.pop();
    if (reused !== undefined) this.idleTotal -= size;
    const buffer = reused ?? allocate(size);
    this.lent.add(buffer);
    this.lentTotal += size;
    return buffer;
  }

  /** Takes a buffer back. A second release of the same one is ignored: else two batches would share it. */
  release(buffer: PooledBuffer): void {
    if (!this.lent.delete(buffer)) return;
    const size = buffer.bytes.length;
    this.lentTotal -= size;
    if (this.idleTotal + size > this.maxIdleBytes) return;
    this.idleTotal += size;
    const shelf = this.idle.get(size);
    if (shelf === undefined) this.idle.set(size, [buffer]);
    else shelf.push(buffer);
  }
}

function sizeClass(bytes: number): number {
  let size = SMALLEST_BYTES;
  while (size < bytes) size *= 2;
  return size;
}

/** A plain Uint8Array (not a Buffer), so that the hot path sees one class only; not zeroed, since every byte sent is written. */
function allocate(size: number): PooledBuffer {
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer, 0, size);
  return new Bytes(bytes);
}
