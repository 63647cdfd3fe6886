import type { AssignableMember } from '../../src/kafka/membership/claims.ts';

/** One member in the books of the coordinator. Partitions are numbers of the one topic. */
export interface Enrolled {
  readonly who: number;
  readonly claims: readonly number[];
  readonly claimGeneration: number;
  /** Has joined the rebalance under way. */
  readonly joined: boolean;
  readonly own: readonly number[];
}

export interface Group {
  readonly generation: number;
  readonly phase: 'empty' | 'preparing' | 'completing' | 'stable';
  readonly members: Readonly<Record<string, Enrolled>>;
  readonly nextId: number;
  /** What a new coordinator would find in the log: written when the leader's assignment arrives. */
  readonly written: { readonly generation: number; readonly members: Readonly<Record<string, Enrolled>> };
}

export const emptyGroup: Group = {
  generation: 0,
  phase: 'empty',
  members: {},
  nextId: 1,
  written: { generation: 0, members: {} },
};

export type Ask =
  | {
      readonly ask: 'join';
      readonly memberId: string;
      readonly claims: readonly number[];
      readonly generation: number;
    }
  | {
      readonly ask: 'sync';
      readonly memberId: string;
      readonly generation: number;
      readonly assigned: ReadonlyMap<string, readonly number[]> | undefined;
    }
  | { readonly ask: 'heartbeat'; readonly memberId: string; readonly generation: number }
  | { readonly ask: 'leave'; readonly memberId: string; readonly generation: number };

export type Say =
  | {
      readonly say: 'joined';
      readonly generation: number;
      readonly memberId: string;
      readonly crew: readonly AssignableMember[];
    }
  | { readonly say: 'synced'; readonly own: readonly number[] }
  | { readonly say: 'ok' }
  | { readonly say: 'error'; readonly code: number };

/** `to`: whose request is answered, and on which of its links; one held until now or the one just received. */
export interface Answer {
  readonly to: string;
  readonly link: 'join' | 'beat';
  readonly say: Say;
}

export interface Outcome {
  readonly group: Group;
  /** The member id under which the asker is known from now on. */
  readonly asker: string;
  readonly answers: readonly Answer[];
}

const error = (to: string, code: number, link: 'join' | 'beat' = 'join'): Answer => ({
  to,
  link,
  say: { say: 'error', code },
});

/** The classic group coordinator as far as members can tell, cut down to one topic and without MEMBER_ID_REQUIRED. */
export function receive(group: Group, who: number, ask: Ask): Outcome {
  const asker = ask.memberId === '' ? `m${group.nextId}` : ask.memberId;
  if (ask.ask === 'join' && ask.memberId === '') {
    return { asker, ...enrol({ ...group, nextId: group.nextId + 1 }, who, asker, ask) };
  }
  const link = ask.ask === 'join' || ask.ask === 'sync' ? 'join' : 'beat';
  const answer = (say: Say) => ({ group, asker, answers: [{ to: asker, link, say } as const] });
  const known = group.members[asker];
  if (known === undefined) return answer({ say: 'error', code: 25 });
  if (ask.ask === 'join') return { asker, ...enrol(group, who, asker, ask) };
  if (ask.ask === 'leave') {
    const { answers, ...rest } = removed(group, [asker]);
    return { ...rest, asker, answers: [{ to: asker, link: 'beat', say: { say: 'ok' } }, ...answers] };
  }
  if (ask.generation !== group.generation) return answer({ say: 'error', code: 22 });
  if (group.phase === 'preparing') return answer({ say: 'error', code: 27 });
  if (ask.ask === 'heartbeat') return answer({ say: 'ok' });
  if (group.phase === 'stable') return answer({ say: 'synced', own: known.own });
  return ask.assigned === undefined
    ? { group, asker, answers: [] }
    : { asker, ...distribute(group, ask.assigned) };
}

type Effect = Omit<Outcome, 'asker'>;

function enrol(group: Group, who: number, id: string, ask: Extract<Ask, { ask: 'join' }>): Effect {
  const before = group.phase === 'preparing' ? group : prepare(group);
  const held = interrupted(group, [id]);
  const { claims, generation: claimGeneration } = ask;
  const mine: Enrolled = { who, claims, claimGeneration, joined: true, own: group.members[id]?.own ?? [] };
  const next = complete({ ...before, members: { ...before.members, [id]: mine } });
  return { group: next.group, answers: [...held, ...next.answers] };
}

/** SyncGroups held for an assignment that will not come. */
function interrupted(group: Group, except: readonly string[]): Answer[] {
  const ids = Object.keys(group.members).filter((id) => !except.includes(id));
  return group.phase === 'completing' ? ids.map((id) => error(id, 27)) : [];
}

function prepare(group: Group): Group {
  const members = Object.fromEntries(
    Object.entries(group.members).map(([id, m]) => [id, { ...m, joined: false }]),
  );
  return { ...group, phase: 'preparing', members };
}

/** Everybody joined: the generation moves on before anybody knows (membership.md pitfall 4). The leader is the first. */
function complete(group: Group): Effect {
  const entries = Object.entries(group.members);
  if (entries.length === 0) return { group: { ...group, phase: 'empty' }, answers: [] };
  if (entries.some(([, member]) => !member.joined)) return { group, answers: [] };
  const generation = group.generation + 1;
  const crew = entries.map(([memberId, m]) => ({
    memberId,
    topics: ['t'],
    claims: m.claims.map((partition) => ({ topic: 't', partition })),
    generation: m.claimGeneration,
  }));
  const answers = entries.map(([to], i): Answer => {
    return { to, link: 'join', say: { say: 'joined', generation, memberId: to, crew: i === 0 ? crew : [] } };
  });
  return { group: { ...group, generation, phase: 'completing' }, answers };
}

function distribute(group: Group, assigned: ReadonlyMap<string, readonly number[]>): Effect {
  const members = Object.fromEntries(
    Object.entries(group.members).map(([id, m]) => [id, { ...m, own: assigned.get(id) ?? [] }]),
  );
  const answers = Object.entries(members).map(([to, { own }]): Answer => ({
    to,
    link: 'join',
    say: { say: 'synced', own },
  }));
  const written = { generation: group.generation, members };
  return { group: { ...group, phase: 'stable', members, written }, answers };
}

/** Members gone for whatever reason; what they had pending is answered 25. */
export function removed(group: Group, ids: readonly string[]): Effect {
  const members = Object.fromEntries(Object.entries(group.members).filter(([id]) => !ids.includes(id)));
  const left = { ...group, members };
  const next = complete(group.phase === 'preparing' ? left : prepare(left));
  return {
    group: next.group,
    answers: [...ids.map((id) => error(id, 25)), ...interrupted(group, ids), ...next.answers],
  };
}

/** Another broker takes over with what was written; everything pending is answered NOT_COORDINATOR. */
export function failedOver(group: Group): Effect {
  const { generation, members } = group.written;
  const phase = Object.keys(members).length === 0 ? 'empty' : 'stable';
  const answers = Object.keys(group.members).map((id) => error(id, 16));
  return { group: { ...group, generation, members, phase }, answers };
}
