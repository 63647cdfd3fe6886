import type { AssignableMember } from '../../src/kafka/membership/claims.ts';
import type { Tag } from '../../src/kafka/membership/state.ts';
import type { Group, Say } from './membership.coordinator.ts';
import { Violation, type Item, type Member, type Parts } from './membership.member.ts';
import { genesis, moves, type Budget, type World } from './membership.world.ts';

export interface Search {
  readonly members: number;
  readonly partitions: number;
  readonly budget: Budget;
  readonly parts: Parts;
  /** States looked at before the search gives up; a search that means to be exhaustive must not reach it. */
  readonly limit: number;
  /** Every so many states, faults cease and the group must settle with every partition owned once. */
  readonly settleEvery?: number;
  /** Moves made before the search begins, so that it reaches deep where it matters. */
  readonly prefix?: readonly string[];
}

export interface Result {
  readonly states: number;
  readonly exhausted: boolean;
  readonly violation?: { readonly what: string; readonly path: readonly string[] };
}

interface Node {
  readonly world: World;
  readonly from: Node | undefined;
  readonly name: string;
}

/** Breadth first over every interleaving; the first violation comes with a shortest path to it. */
export function explore(search: Search): Result {
  const { parts, partitions, limit, settleEvery = 0 } = search;
  const seen = new Set<string>();
  let frontier: Node[] = [{ world: begin(search), from: undefined, name: 'begin' }];
  while (frontier.length > 0) {
    const next: Node[] = [];
    for (const node of frontier) {
      if (seen.size >= limit) return { states: seen.size, exhausted: false };
      for (const { name, make } of moves(parts, partitions, node.world)) {
        const here = { from: node, name };
        try {
          const world = make();
          const key = keyOf(world);
          if (seen.has(key)) continue;
          seen.add(key);
          check(partitions, world);
          if (settleEvery > 0 && seen.size % settleEvery === 0) settle(parts, partitions, world);
          next.push({ ...here, world });
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
          return {
            states: seen.size,
            exhausted: false,
            violation: { what: error.message, path: pathOf(here) },
          };
        }
      }
    }
    frontier = next;
  }
  return { states: seen.size, exhausted: true };
}

function begin({ members, budget, parts, partitions, prefix = [] }: Search): World {
  let world = genesis(members, budget);
  for (const wanted of prefix) {
    const [move] = [...moves(parts, partitions, world)].filter(({ name }) => name === wanted);
    if (move === undefined) throw new RangeError(`the prefix asks for ${wanted}, which cannot happen there`);
    world = move.make();
  }
  return world;
}

function pathOf(node: Pick<Node, 'from' | 'name'>): string[] {
  return node.from === undefined ? [] : [...pathOf(node.from), node.name];
}

/** Whether the coordinator would take a TxnOffsetCommit of this member now. */
function isAccepted({ group }: World, { identity }: Member): boolean {
  return (
    identity !== null &&
    group.members[identity.memberId] !== undefined &&
    identity.generation === group.generation
  );
}

function check(partitions: number, world: World): void {
  const accepted = world.members.filter((m) => isAccepted(world, m));
  for (let p = 0; p < partitions; p += 1) {
    const writers = accepted.filter((m) => m.tokens.includes(p));
    if (writers.length > 1)
      throw new Violation(`partition ${p} has ${writers.length} owners the coordinator accepts`);
  }
  if (isQuiet(world)) checkQuiet(partitions, world);
}

const isIdle = (m: Member) =>
  m.joinLink.length + m.beatLink.length + m.drains.length + m.waits.length === 0 && m.finding === null;

function isQuiet(world: World): boolean {
  if (world.group.phase !== 'stable') return false;
  return world.members.every(
    (m) =>
      isIdle(m) &&
      (m.state.phase.at === 'unjoined' || (m.state.phase.at === 'stable' && isAccepted(world, m))),
  );
}

/** Nothing under way: what each member believes is what the coordinator says, and nothing is without an owner. */
function checkQuiet(partitions: number, world: World): void {
  const owned: number[] = [];
  for (const m of world.members) {
    const own = world.group.members[m.state.core.memberId]?.own ?? [];
    if (String([...own].sort()) !== String(m.tokens)) {
      throw new Violation(
        `a member holds [${String(m.tokens)}] and is assigned [${String(own)}], and nobody notices`,
      );
    }
    const core = m.state.core.owned.map(({ partition }) => partition).sort();
    if (String(core) !== String(m.tokens))
      throw new Violation('machine and tokens disagree on what is owned');
    owned.push(...m.tokens);
  }
  const members = Object.keys(world.group.members).length;
  if (
    members > 0 &&
    members === world.members.filter((m) => m.identity !== null).length &&
    owned.length !== partitions
  ) {
    throw new Violation(`${partitions - owned.length} partitions are owned by nobody`);
  }
}

const calm: Budget = { links: 0, expiries: 0, failovers: 0, stops: 0 };
const SETTLE_STEPS = 400;

/** Without further faults the group comes to rest; heartbeats are sent when nothing else is left to do. */
function settle(parts: Parts, partitions: number, start: World): void {
  let world: World = { ...start, budget: calm };
  for (let steps = 0; steps < SETTLE_STEPS; steps += 1) {
    if (isQuiet(world) || world.members.every((m) => m.state.phase.at === 'unjoined')) return;
    const possible = [...moves(parts, partitions, world)];
    const [work] = possible.filter(({ name }) => !name.endsWith('beat'));
    if (work !== undefined) world = work.make();
    else for (let i = 0; i < world.members.length; i += 1) world = beat(parts, partitions, world, i);
    check(partitions, world);
  }
  throw new Violation('the group does not settle');
}

function beat(parts: Parts, partitions: number, world: World, i: number): World {
  const [mine] = [...moves(parts, partitions, world)].filter(({ name }) => name === `${i}: beat`);
  return mine?.make() ?? world;
}

/**
 * Counters are compared by the machine for equality only, so states that differ in their absolute values behave alike:
 * each is written down as its distance from the present one.
 */
function keyOf({ group, members, budget }: World): string {
  const { written, generation, phase, nextId } = group;
  const books = (all: Group['members']) =>
    Object.entries(all).map(([id, m]) => [
      id,
      m.who,
      m.claims,
      generation - m.claimGeneration,
      m.joined,
      m.own,
    ]);
  const shared = [
    phase,
    nextId,
    books(group.members),
    generation - written.generation,
    books(written.members),
    budget,
  ];
  return JSON.stringify([shared, members.map((m) => memberKey(m, generation))]);
}

function memberKey(m: Member, now: number) {
  const { core, phase } = m.state;
  const isPast = (t: Tag) => t.incarnation !== core.incarnation || t.term !== core.term;
  const say = (s: Say) => (s.say === 'joined' ? [now - s.generation, s.memberId, crewKey(s.crew, now)] : s);
  /** The answer to an abandoned request does nothing, whatever it says; the request itself still may. */
  const item = (i: Item) => {
    const stale = isPast(i.tag) || (i.request !== 'heartbeat' && i.tag.round !== core.round);
    const tag = i.request === 'heartbeat' ? now - (i.tag.generation ?? -1) : 0;
    if (i.say !== undefined) return stale ? 'void' : [i.request, tag, say(i.say)];
    const { ask } = i;
    const content = ask.ask === 'join' ? ask.claims : ask.ask === 'sync' ? [...(ask.assigned ?? [])] : 0;
    return [stale, i.request, tag, i.heldAs, ask.memberId, now - ask.generation, content];
  };
  return [
    phase.at === 'unjoined' && core.incarnation === 0,
    phase.at === 'leaving'
      ? [phase.drains.map((drain) => core.drain - drain), phase.asked, phase.joining]
      : phase,
    [core.memberId, now - (core.generation ?? -1), core.owned.map((tp) => tp.partition), core.coordinator],
    [m.tokens, m.identity === null ? null : [now - m.identity.generation, m.identity.memberId]],
    m.drains.map((d) => [
      d.incarnation === core.incarnation,
      core.drain - d.drain,
      d.partitions.map((tp) => tp.partition),
    ]),
    m.waits.map((w) => (w.on === 'retry' ? [w.request, w.tag.term === core.term] : w)),
    m.finding === null ? null : m.finding === core.term,
    m.joinLink.map(item),
    m.beatLink.map(item),
    m.crew?.round === core.round ? crewKey(m.crew.crew, now) : null,
  ];
}

const crewKey = (crew: readonly AssignableMember[], now: number) =>
  crew.map((m) => [m.memberId, m.claims.map((tp) => tp.partition), now - m.generation]);
