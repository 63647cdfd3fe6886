import { assign, type Assignment } from '../../src/kafka/membership/assignor.ts';
import type { AssignableMember } from '../../src/kafka/membership/claims.ts';
import { step } from '../../src/kafka/membership/machine.ts';
import {
  birth,
  type Asked,
  type Effect,
  type Event,
  type State,
  type Step,
  type Tag,
} from '../../src/kafka/membership/state.ts';
import type { Ask, Say } from './membership.coordinator.ts';

/** One request on its way: sent, held by the coordinator until the rebalance gets on, or answered and on its way back. */
export interface Item {
  readonly request: Asked;
  readonly tag: Tag;
  readonly ask: Ask;
  readonly heldAs?: string;
  readonly say?: Say;
}

export interface Member {
  readonly state: State;
  /** Partitions with a living token. */
  readonly tokens: readonly number[];
  readonly identity: { readonly generation: number; readonly memberId: string } | null;
  readonly drains: readonly Extract<Effect, { act: 'drain' }>[];
  readonly waits: readonly Event[];
  readonly finding: number | null;
  readonly joinLink: readonly Item[];
  readonly beatLink: readonly Item[];
  readonly crew: { readonly round: number; readonly crew: readonly AssignableMember[] } | null;
}

export class Violation extends Error {}

/** The parts under test, replaceable one by one to show what each prevents. */
export interface Parts {
  readonly step: (state: State, event: Event) => Step;
  readonly assign: (
    members: readonly AssignableMember[],
    partitions: ReadonlyMap<string, readonly number[]>,
  ) => Assignment;
  /** False: tokens outlive the membership. */
  readonly lossKills: boolean;
  /** False where nothing happens that could make the coordinator forget a member (M5). */
  readonly mayLose: boolean;
}

export const realParts: Parts = {
  step: (state, event) => step({ isStatic: false }, state, event),
  assign,
  lossKills: true,
  mayLose: true,
};

export const unborn: Member = {
  state: birth,
  tokens: [],
  identity: null,
  drains: [],
  waits: [],
  finding: null,
  joinLink: [],
  beatLink: [],
  crew: null,
};

/** One step of one member, with all its effects in the same turn. */
export function react(parts: Parts, partitions: number, before: Member, event: Event): Member {
  const { state, effects } = parts.step(before.state, event);
  let member: Member = { ...before, state };
  for (const effect of effects) member = perform(parts, partitions, member, effect);
  const { incarnation, round } = state.core;
  const due = (then: Event) =>
    then.on !== 'retry' || (then.tag.incarnation === incarnation && then.tag.round === round);
  return { ...member, waits: member.waits.filter(due) };
}

const numbers = (partitions: readonly { partition: number }[]) =>
  partitions.map(({ partition }) => partition).sort();
const minus = (all: readonly number[], gone: readonly number[]) => all.filter((p) => !gone.includes(p));

function perform(parts: Parts, partitions: number, m: Member, effect: Effect): Member {
  switch (effect.act) {
    case 'find':
      return { ...m, finding: effect.term };
    case 'join': {
      const draining = m.drains
        .flatMap((drain) => numbers(drain.partitions))
        .filter((p) => m.tokens.includes(p));
      const stillOpen = m.drains.some((drain) => drain.incarnation === m.state.core.incarnation);
      if (stillOpen && draining.length > 0) throw new Violation('M1: JoinGroup while a drain is open');
      const generation = effect.tag.generation ?? -1;
      const ask: Ask = {
        ask: 'join',
        memberId: effect.memberId,
        claims: numbers(m.state.core.owned),
        generation,
      };
      return { ...m, joinLink: [...m.joinLink, { request: 'join', tag: effect.tag, ask }] };
    }
    case 'sync': {
      const { tag, memberId } = effect;
      const crew = m.crew?.round === tag.round ? m.crew.crew : [];
      const all = new Map([['t', Array.from({ length: partitions }, (_, p) => p)]]);
      const assigned = [...parts.assign(crew, all).assigned].map(
        ([id, list]) => [id, numbers(list)] as const,
      );
      const ask: Ask = {
        ask: 'sync',
        memberId,
        generation: tag.generation ?? -1,
        assigned: crew.length > 0 ? new Map(assigned) : undefined,
      };
      return { ...m, joinLink: [...m.joinLink, { request: 'sync', tag, ask }] };
    }
    case 'heartbeat':
    case 'leave': {
      const { act, tag, memberId } = effect;
      return {
        ...m,
        beatLink: [
          ...m.beatLink,
          { request: act, tag, ask: { ask: act, memberId, generation: tag.generation ?? -1 } },
        ],
      };
    }
    case 'identify':
      return { ...m, identity: { generation: effect.generation, memberId: effect.memberId } };
    case 'add': {
      const added = numbers(effect.partitions);
      if (parts.lossKills && added.some((p) => m.tokens.includes(p)))
        throw new Violation('M2: a partition with a living token was added');
      return { ...m, tokens: [...minus(m.tokens, added), ...added].sort() };
    }
    case 'drain':
      return { ...m, drains: [...m.drains, effect] };
    case 'destroy':
      return { ...m, tokens: minus(m.tokens, numbers(effect.partitions)) };
    case 'lose':
      if (!parts.mayLose && m.tokens.length > 0) throw new Violation(`lost without a cause: ${effect.why}`);
      return { ...m, identity: null, tokens: parts.lossKills ? [] : m.tokens };
    case 'wait':
      return { ...m, waits: [...m.waits, effect.then] };
    case 'finish':
      return { ...m, identity: null, waits: [], finding: null, joinLink: [], beatLink: [], crew: null };
    case 'fail':
      throw new Violation(`fatal: ${effect.why}`);
    case 'probe':
    case 'tell':
      return m;
  }
}
