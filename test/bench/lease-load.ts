import { randomBytes } from 'node:crypto';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { openDomain } from '../../src/lease/domain-handle.ts';
import {
  claimTransaction,
  grantTransaction,
  judgeClaim,
  judgeGrant,
  keysUnder,
  type Speaker,
} from '../../src/lease/protocol.ts';
import type { Answer, LeaseStore } from '../../src/lease/store.ts';
import { tryMs } from '../../src/lease/timing.ts';
import type { Incarnation } from '../../src/snowflake/permit.ts';
import { isMinting, LeaseScene, until } from '../support/lease-scene.ts';
import { hostMs } from '../support/mint-log.ts';
import { Counted, type Tally } from '../support/store-taps.ts';

const WORKER_BITS = 10;
const NODES = 2 ** WORKER_BITS;
/** So long that one process can renew a thousand of them beside what is measured. */
const TIMING = { ttlS: 60, windowMs: 54_000, refreshMs: 18_000 } as const;
const GRANTERS = 128;
const GRANTS_MS = 10_000;
const ALONE = 2_000;

const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const quantile = (list: readonly number[], q: number): number =>
  list.toSorted((a, b) => a - b)[Math.floor(q * (list.length - 1))]!;

/** A whole pool claimed at once, by keepers of this process. */
export async function startUp({ endpoints }: Pick<EtcdBackend, 'endpoints'>): Promise<void> {
  await using scene = await LeaseScene.open({ endpoints, workerBits: WORKER_BITS });
  const tally: Tally = { requests: 0, renewals: 0, renewalsLost: 0 };
  const options = { timing: TIMING, tryMs: tryMs(TIMING.ttlS), everyMs: 200 };
  let startMs = 0;
  const fleet = await scene.fleet('w', NODES, {
    ...options,
    through: (store) => {
      startMs ||= hostMs();
      return new Counted(store, tally);
    },
  });
  await until(() => fleet.every((worker) => worker.all('claimed').length > 0), 120_000);
  const [requests, claimedMs] = [
    tally.requests,
    Math.max(...fleet.map((worker) => worker.all('claimed')[0]!.hostMs)),
  ];
  await until(() => fleet.every(isMinting), 120_000);
  const mintedMs = Math.max(...fleet.map((worker) => worker.all('minted')[0]!.hostMs));
  const tookMs = claimedMs - startMs;
  const nodes = new Set(fleet.map((worker) => worker.node)).size;
  console.log(
    `start-up of ${NODES} at once: ${nodes} distinct nodes, all hold after ${(tookMs / 1e3).toFixed(1)} s, ` +
      `all mint after ${((mintedMs - startMs) / 1e3).toFixed(1)} s; ${(requests / NODES).toFixed(1)} requests a claim, ` +
      `${Math.round((NODES / tookMs) * 1e3)} claims/s`,
  );
}

/** GRANTs of many claims as fast as they are answered, then of one. */
export async function grants({ endpoints }: Pick<EtcdBackend, 'endpoints'>): Promise<void> {
  await using scene = await LeaseScene.open({ endpoints, workerBits: WORKER_BITS });
  const stores = Array.from({ length: 8 }, () => scene.store());
  const { text } = await openDomain(stores[0]!, scene.prefix, {});
  const keys = keysUnder(scene.prefix);
  const speaker: Speaker = { name: 'bench', wallMs: Date.now() };
  const claim = async (store: LeaseStore, node: number): Promise<Incarnation> => {
    const { leaseId } = valueOf(await store.openLease(600));
    const request = { node, nonce: randomBytes(16).toString('hex'), leaseId, domain: text };
    const verdict = judgeClaim(
      valueOf(await store.transact(claimTransaction(keys, request, speaker))),
      request,
    );
    if (verdict.at !== 'claimed') throw new Error(`node ${node}: ${verdict.at}`);
    return { node, nonce: request.nonce, ...verdict };
  };
  const incarnations: Incarnation[] = [];
  for (let node = 0; node < GRANTERS; node++) incarnations.push(await claim(stores[node % 8]!, node));

  const grant = async (store: LeaseStore, incarnation: Incarnation, untilMs: number): Promise<number> => {
    const sentMs = hostMs();
    const transaction = grantTransaction(keys, incarnation, untilMs, text, speaker);
    const verdict = judgeGrant(valueOf(await store.transact(transaction)), incarnation, untilMs, text);
    if (verdict.at !== 'ours') throw new Error(`GRANT: ${verdict.at}`);
    return hostMs() - sentMs;
  };
  const took: number[] = [];
  const endMs = hostMs() + GRANTS_MS;
  const granter = async (incarnation: Incarnation, n: number): Promise<void> => {
    for (let more = 1; hostMs() < endMs; more++)
      took.push(await grant(stores[n % 8]!, incarnation, incarnation.floorMs + more));
  };
  await Promise.all(incarnations.map(granter));
  console.log(
    `GRANTs of ${GRANTERS} workers, back to back for ${GRANTS_MS / 1e3} s: ${Math.round((took.length / GRANTS_MS) * 1e3)}/s, ` +
      `p50 ${ms(quantile(took, 0.5))}, p99 ${ms(quantile(took, 0.99))}`,
  );
  const lone: number[] = [];
  const [first] = incarnations;
  for (let more = 0; more < ALONE; more++)
    lone.push(await grant(stores[0]!, first!, first!.floorMs + took.length + 1 + more));
  console.log(`GRANTs of one alone: p50 ${ms(quantile(lone, 0.5))}, p99 ${ms(quantile(lone, 0.99))}`);
}

function valueOf<T>(answer: Answer<T>): T {
  if (answer.at !== 'answered') throw new Error(`etcd: ${answer.at}`);
  return answer.value;
}
