import { Generator } from '../../src/snowflake/generator.ts';
import { idsPerMs } from '../../src/snowflake/layout.ts';
import type { Incarnation, Permit } from '../../src/snowflake/permit.ts';
import { at, CREDULOUS, forget, LAYOUT, WALLS } from './lease.bounds.ts';
import type { Minted } from './lease.log.ts';

/** A generator as a value: what it takes to make the same one again. */
export interface Minting {
  readonly incarnation: Incarnation;
  readonly permit?: Permit | undefined;
  readonly lastMs?: number | undefined;
}

function wake({ incarnation, permit, lastMs }: Minting): Generator {
  const generator = new Generator(LAYOUT, incarnation, CREDULOUS);
  if (permit !== undefined) generator.accept(permit);
  if (lastMs !== undefined) generator.reserve(idsPerMs(LAYOUT), at(lastMs));
  return generator;
}

export function accept(minting: Minting, permit: Permit): Minting {
  const generator = wake(minting);
  generator.accept(forget(permit));
  return { incarnation: minting.incarnation, permit: generator.permit, lastMs: minting.lastMs };
}

/** What `stop` answers; with nothing reserved the port asks for no more than something below the floor. */
export function lastOf(minting: Minting | undefined): number {
  return minting?.lastMs === undefined ? -1 : wake(minting).stop().lastTimestampMs;
}

/** All IDs of one millisecond, for each reading of the clock that gives any. */
export function mint(minting: Minting): { readonly to: Minting; readonly minted: Minted }[] {
  return WALLS.flatMap((wall) => {
    const reservation = wake(minting).reserve(idsPerMs(LAYOUT), at(wall));
    if (!reservation.ok || reservation.count === 0) return [];
    const { runs } = reservation;
    const lastMs = runs.at(-1)!.timestampMs;
    return [{ to: { ...minting, lastMs }, minted: { by: minting.incarnation, runs } }];
  });
}
