import { SnowstampError } from '../errors.ts';
import type { LeaseStore } from '../lease/store.ts';
import { lookAround, onStore, openSlice } from './on-store.ts';
import type { OnStore, Slice } from './on-store.ts';
import { frameOf, type Screen } from './screen.ts';
import { workerLines, workersJson } from './workers-view.ts';

export interface WorkersParts extends OnStore {
  /** Another slice than the configured one. */
  readonly datacenter: number | undefined;
  readonly json: boolean;
  /** Look again this often, 1 s or more; undefined: once. */
  readonly watchMs: number | undefined;
  readonly screen: Screen;
  readonly stop: AbortSignal;
}

/** `snowstamp workers`: who holds which node, what rests, how full the pool is. Returns the exit code. */
export async function workersCommand(parts: WorkersParts): Promise<number> {
  const { watchMs, stop, clock } = parts;
  return onStore('workers', parts, async (store) => {
    const slice = await openSlice(store, parts.config, parts.datacenter);
    if (watchMs === undefined) {
      for (const line of await look(store, slice, parts)) parts.out(line);
      return 0;
    }
    // One look at a time, each bounded by the store: a slow etcd slows the display and nothing piles up.
    while (!stop.aborted) {
      show(parts, await look(store, slice, parts).catch(unreachable));
      await clock.sleep(watchMs, stop);
    }
    return 0;
  });
}

/** etcd gone for a while is something to watch; anything else ends it. */
function unreachable(error: unknown): string[] {
  if (error instanceof SnowstampError && error.code === 'STORE_UNREACHABLE') return [error.message];
  throw error;
}

function show({ screen, out }: WorkersParts, lines: readonly string[]): void {
  if (screen.isTerminal) screen.write(frameOf(lines, screen.size()));
  else for (const line of lines) out(line);
}

async function look(store: LeaseStore, slice: Slice, { clock, json }: WorkersParts): Promise<string[]> {
  const nodes = await lookAround(store, slice, clock);
  const atMs = clock.now().wallMs;
  return json ? [workersJson(slice, nodes, atMs)] : workerLines(slice, nodes, atMs);
}
