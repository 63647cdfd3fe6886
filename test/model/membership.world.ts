import type { Event } from '../../src/kafka/membership/state.ts';
import {
  emptyGroup,
  failedOver,
  receive,
  removed,
  type Answer,
  type Group,
  type Say,
} from './membership.coordinator.ts';
import { react, unborn, type Item, type Member, type Parts } from './membership.member.ts';

/** What may still go wrong. */
export interface Budget {
  readonly links: number;
  readonly expiries: number;
  readonly failovers: number;
  readonly stops: number;
}

export interface World {
  readonly group: Group;
  readonly members: readonly Member[];
  readonly budget: Budget;
}

export const genesis = (members: number, budget: Budget): World => ({
  group: emptyGroup,
  members: Array.from({ length: members }, () => unborn),
  budget,
});

export interface Move {
  readonly name: string;
  readonly make: () => World;
}

/** Everything that may happen next. Faults cost budget; the rest is what networks, timers and drains do anyway. */
export function* moves(parts: Parts, partitions: number, world: World): Generator<Move> {
  const dispatch = (w: World, i: number, event: Event) => deliver(parts, partitions, w, i, event);
  for (const [i, m] of world.members.entries()) {
    const put = (change: Partial<Member>) => patch(world, i, change);
    const name = (what: string) => `${i}: ${what}`;
    const { at } = m.state.phase;
    if (at === 'unjoined' && m.state.core.incarnation === 0) {
      yield { name: name('start'), make: () => dispatch(world, i, { on: 'start', topics: ['t'] }) };
      continue;
    }
    const { finding } = m;
    if (finding !== null) {
      yield {
        name: name('found'),
        make: () => dispatch(put({ finding: null }), i, { on: 'found', term: finding, node: 1 }),
      };
    }
    if (m.beatLink.length === 0 && at !== 'unjoined') {
      yield { name: name('beat'), make: () => dispatch(world, i, { on: 'beat-due' }) };
    }
    for (const [k, drain] of m.drains.entries()) {
      const { incarnation, drain: number, partitions: list } = drain;
      const event: Event = { on: 'drained', incarnation, drain: number, partitions: list };
      yield {
        name: name('drained'),
        make: () => dispatch(put({ drains: m.drains.toSpliced(k, 1) }), i, event),
      };
    }
    for (const [k, then] of m.waits.entries()) {
      yield { name: name('waited'), make: () => dispatch(put({ waits: m.waits.toSpliced(k, 1) }), i, then) };
    }
    yield* traffic(world, i, dispatch);
    if (world.budget.stops > 0 && at !== 'unjoined') {
      yield { name: name('stop'), make: () => dispatch(spend(world, 'stops'), i, { on: 'stop' }) };
    }
  }
  yield* misfortunes(world);
}

type Dispatch = (world: World, i: number, event: Event) => World;

function* traffic(world: World, i: number, dispatch: Dispatch): Generator<Move> {
  const m = world.members[i] ?? unborn;
  for (const link of ['joinLink', 'beatLink'] as const) {
    const [head] = m[link];
    if (head === undefined) continue;
    const rest = patch(world, i, { [link]: m[link].slice(1) });
    if (head.say !== undefined) {
      const { say } = head;
      yield {
        name: `${i}: ${head.request} answered ${say.say}`,
        make: () => dispatch(keepCrew(rest, i, head, say), i, eventOf(head, say)),
      };
    } else if (head.heldAs === undefined) {
      yield { name: `${i}: ${head.request} received`, make: () => hand(world, i, link, head) };
    }
    if (world.budget.links > 0) {
      const torn = spend(patch(world, i, { [link]: [] }), 'links');
      const fail = () =>
        m[link].reduce(
          (w, { request, tag }) => dispatch(w, i, { on: 'unanswered', request, tag, failure: 'closed' }),
          torn,
        );
      yield { name: `${i}: ${link} torn`, make: fail };
    }
  }
}

function* misfortunes(world: World): Generator<Move> {
  const { group, budget } = world;
  const settle = (w: World, next: { group: Group; answers: readonly Answer[] }) =>
    post({ ...w, group: next.group }, next.answers);
  const ids = Object.keys(group.members);
  for (const id of ids.filter((one) => isGhost(world, one))) {
    yield { name: `ghost ${id} expires`, make: () => settle(world, removed(group, [id])) };
  }
  if (budget.expiries > 0) {
    for (const id of ids)
      yield { name: `${id} expires`, make: () => settle(spend(world, 'expiries'), removed(group, [id])) };
  }
  if (budget.failovers > 0 && ids.length > 0) {
    yield { name: 'fail-over', make: () => settle(spend(world, 'failovers'), failedOver(group)) };
  }
}

/** An id that nobody answers to any more, as after a first JoinGroup whose answer was lost: its session runs out by itself. */
function isGhost({ members }: World, id: string): boolean {
  return !members.some((m) => m.state.core.memberId === id || m.joinLink.some((item) => item.heldAs === id));
}

const spend = (world: World, what: keyof Budget): World => ({
  ...world,
  budget: { ...world.budget, [what]: world.budget[what] - 1 },
});

function patch(world: World, i: number, change: Partial<Member>): World {
  return { ...world, members: world.members.map((m, k) => (k === i ? { ...m, ...change } : m)) };
}

function hand(world: World, i: number, link: 'joinLink' | 'beatLink', head: Item): World {
  const { group, asker, answers } = receive(world.group, i, head.ask);
  const held = patch(world, i, {
    [link]: [{ ...head, heldAs: asker }, ...(world.members[i]?.[link] ?? []).slice(1)],
  });
  return post({ ...held, group }, answers);
}

/** Answers reach whoever waits for them; one whose link is gone meanwhile never learns. */
function post(world: World, answers: readonly Answer[]): World {
  return answers.reduce((w, { to, link, say }) => {
    const which = link === 'join' ? 'joinLink' : 'beatLink';
    const members = w.members.map((m) => ({
      ...m,
      [which]: m[which].map((item) =>
        item.heldAs === to && item.say === undefined ? { ...item, say } : item,
      ),
    }));
    return { ...w, members };
  }, world);
}

function keepCrew(world: World, i: number, { tag }: Item, say: Say): World {
  return say.say === 'joined' ? patch(world, i, { crew: { round: tag.round, crew: say.crew } }) : world;
}

function eventOf({ request, tag }: Item, say: Say): Event {
  switch (say.say) {
    case 'joined':
      return {
        on: 'joined',
        tag,
        generation: say.generation,
        memberId: say.memberId,
        leader: say.crew.length > 0,
      };
    case 'synced':
      return { on: 'synced', tag, own: say.own.map((partition) => ({ topic: 't', partition })) };
    case 'error':
      return { on: 'refused', request, tag, code: say.code, memberId: '' };
    case 'ok':
      return request === 'leave' ? { on: 'left', acknowledged: true } : { on: 'beaten', tag };
  }
}

function deliver(parts: Parts, partitions: number, world: World, i: number, event: Event): World {
  return patch(world, i, react(parts, partitions, world.members[i] ?? unborn, event));
}
