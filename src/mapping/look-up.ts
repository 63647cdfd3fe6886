import { Buffer } from 'node:buffer';
import type { Cluster } from '../kafka/cluster/port.ts';
import type { LogReader } from '../pipeline/log-reader.ts';
import { entryOf, type Entry } from './entry.ts';

const NO_HEADER = new Uint8Array(0);

/**
 * Reads a whole mapping topic for one legacy ID; the last word wins. All partitions are read: whoever else writes may choose them its own way.
 * Words in several partitions are put in order by the time of their IDs. Undefined: there is none, or it was taken back. @throws NotYet
 */
export async function lookUp(
  cluster: Cluster,
  log: LogReader,
  topic: string,
  legacyId: string,
): Promise<bigint | undefined> {
  const wanted = Buffer.from(legacyId);
  let found: Entry | undefined;
  for (const { partition } of cluster.topic(topic)?.partitions ?? []) {
    const at = { topic, partition };
    const [start, end] = [await log.start(at), await log.end(at, 'stable')];
    let last: Entry | undefined;
    await log.scan(at, start, end, 1, NO_HEADER, (cursor) => {
      if (cursor.keyEnd - cursor.keyStart === wanted.length) {
        const entry = entryOf(cursor);
        if (entry !== undefined && wanted.equals(entry.key)) last = entry;
      }
      return false;
    });
    if (last !== undefined && (found === undefined || last.timestamp >= found.timestamp)) found = last;
  }
  return found?.id;
}
