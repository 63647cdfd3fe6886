import { Found } from './lease.numbered.ts';
import { Space } from './lease.space.ts';
import type { Bounds } from './lease.space.ts';

export interface Search extends Bounds {
  /** States after which it gives up; a search that means to be exhaustive must not reach it. */
  readonly limit: number;
  /** Moves made before the search begins, so that it reaches deep where it matters. */
  readonly prefix?: readonly string[];
}

export interface Result {
  readonly states: number;
  /** Moves on the longest of all shortest paths. */
  readonly depth: number;
  readonly exhausted: boolean;
  readonly broken?: { readonly what: string; readonly trace: readonly string[] };
}

/** Breadth first: what breaks a promise comes with a shortest trace. */
export function explore({ limit, prefix = [], ...bounds }: Search): Result {
  const space = new Space(bounds);
  const found = new Found();
  found.add(
    prefix.reduce((from, name) => follow(space, from, name), space.begin()),
    -1,
  );
  let depth = 0;
  for (let index = 0, level = 1; index < found.size && found.size < limit; index++) {
    if (index === level) {
      level = found.size;
      depth++;
    }
    const breaks: { what: string; name: string }[] = [];
    space.movesFrom(found.keyAt(index), (to, name, what) => {
      if (what === undefined) found.add(to, index);
      else breaks.push({ what, name });
    });
    const [first] = breaks;
    if (first !== undefined) {
      const trace = [...prefix, ...namesOf(space, found.pathTo(index)), first.name];
      return { states: found.size, depth, exhausted: false, broken: { what: first.what, trace } };
    }
  }
  return { states: found.size, depth, exhausted: found.size < limit };
}

function namesOf(space: Space, path: readonly number[]): string[] {
  return path.slice(1).map((to, step) => {
    const names: string[] = [];
    space.movesFrom(path[step]!, (next, name) => {
      if (next === to) names.push(name);
    });
    return names[0] ?? 'nothing known';
  });
}

function follow(space: Space, from: number, wanted: string): number {
  const possible = new Map<string, number>();
  space.movesFrom(from, (to, name) => possible.set(name, to));
  const to = possible.get(wanted);
  if (to === undefined)
    throw new RangeError(`“${wanted}” cannot happen there; only: ${[...possible.keys()].join(', ')}`);
  return to;
}
