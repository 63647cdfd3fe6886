import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { unlz4 } from './lz4.ts';
import { unsnappy } from './snappy.ts';

/** The record section of a batch, by the codec its attributes name (0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd). */
export function inflate(codec: number, data: Buffer): Buffer {
  switch (codec) {
    case 0:
      return data;
    case 1:
      return gunzipSync(data);
    case 2:
      return unsnappy(data);
    case 3:
      return unlz4(data);
    case 4:
      return zstdDecompressSync(data);
    default:
      throw new RangeError(`codec ${codec} is not known`);
  }
}
