import type { Clock } from '../../clock.ts';
import { LinkError, type Cluster, type Link, type Purpose } from '../cluster/port.ts';
import type { Ask } from './states.ts';

export interface Destination {
  readonly transactionalId: string;
  readonly groupId: string;
}

type Coordinator = readonly [kind: 'group' | 'transaction', key: string];

/** Offsets go to the group's coordinator, everything else that is not a Produce to the transactional id's. */
export const coordinatorOf = (ask: Ask, { transactionalId, groupId }: Destination): Coordinator =>
  ask === 'TxnOffsetCommit' ? ['group', groupId] : ['transaction', transactionalId];

export interface Reach {
  readonly timeoutMs: number;
  /** Absent for an EndTxn: an abort is sent although, or because, we are stopping. */
  readonly signal?: AbortSignal;
}

export interface Access {
  readonly cluster: Cluster;
  readonly clock: Clock;
}

/** A link to a coordinator. Rejects with LinkError; nothing was sent then. */
export async function linkTo(
  access: Access,
  [kind, key]: Coordinator,
  reach: Reach,
  purpose: Purpose = 'transaction',
): Promise<Link> {
  return connect(access, await access.cluster.coordinator(kind, key, reach), purpose, reach);
}

/** A link to the leader a Produce names. Rejects with LinkError; nothing was sent then. */
export const linkToLeader = (access: Access, ask: Ask, reach: Reach): Promise<Link> =>
  connect(access, Number(ask.slice('Produce '.length)), 'data', reach);

/** Connecting is bounded like the request itself; a connection that comes later is nobody's. */
function connect(
  { cluster, clock }: Access,
  nodeId: number,
  purpose: Purpose,
  { timeoutMs }: Reach,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const settle = (): void => {
      over.abort();
    };
    cluster.link(nodeId, purpose).then(resolve, reject).then(settle, settle);
    void clock.sleep(timeoutMs, over.signal).then(() => {
      reject(new LinkError('unreachable', nodeId, `no connection to node ${nodeId} within ${timeoutMs} ms`));
    });
  });
}
