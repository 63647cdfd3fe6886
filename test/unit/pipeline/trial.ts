import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import type { FakeLog } from './log.ts';
import { refusal, type Fate } from './producer.ts';
import { Scene, type Token } from './scene.ts';

export type Write =
  | { readonly kind: 'plain'; readonly count: number }
  | { readonly kind: 'transaction'; readonly count: number; readonly commits: boolean }
  | { readonly kind: 'new-leader' };

export interface Plan {
  readonly partitions: readonly (readonly Write[])[];
  readonly events: readonly Event[];
  readonly transactionRecords: number;
  readonly partitionMaxBytes: number;
}

export type Event =
  'commit' | 'lost-committed' | 'lost-aborted' | 'group' | 'ownership' | 'refused' | 'lost' | 'revoked';

function fill(log: FakeLog, plan: readonly Write[], name: string): void {
  let serial = 0;
  for (const [i, write] of plan.entries()) {
    if (write.kind === 'new-leader') {
      log.epoch++;
      continue;
    }
    const records = Array.from({ length: write.count }, () =>
      plainRecord({ value: text(`${name}/${serial++}`) }),
    );
    if (write.kind === 'plain') {
      log.putBytes(encodeBatch({ records }));
      continue;
    }
    const producerId = BigInt(1_000 + i);
    log.putBytes(encodeBatch({ records, transactional: true, producerId, producerEpoch: 0 }), producerId);
    log.finish(producerId, write.commits);
  }
}

/** What befalls one transaction; `lost` and `revoked` befall partition 0 while it is open, which then comes back. */
function fateOf(event: Event, scene: Scene, tokens: Map<number, Token>): Fate {
  const first = (): Token => tokens.get(0)!;
  switch (event) {
    case 'refused':
      return ({ batches }) =>
        batches.slice(0, 1).map(({ topic, partition }) => refusal(topic, 19, { partition }));
    case 'lost':
      return () => {
        scene.membership.lose(first());
        tokens.set(0, scene.membership.give('in', 0)[0]!);
        return 'commit';
      };
    case 'revoked':
      return () => {
        void scene.membership.revoke(first()).then(() => {
          tokens.set(0, scene.membership.give('in', 0)[0]!);
        });
        return 'commit';
      };
    case 'commit':
    case 'lost-committed':
    case 'lost-aborted':
    case 'group':
    case 'ownership':
      return event;
  }
}

/** Runs a pipeline until everything is committed. */
export async function run(plan: Plan, weaken: (scene: Scene) => void = () => undefined): Promise<Scene> {
  const { transactionRecords, partitionMaxBytes } = plan;
  const fetch = { maxBytes: 2 ** 20, partitionMaxBytes, minBytes: 1, maxWaitMs: 20 };
  const count = plan.partitions.length;
  const scene = new Scene({ partitions: count, settings: { transactionRecords, fetch } });
  weaken(scene);
  for (const [i, plan_] of plan.partitions.entries()) fill(scene.world.log('in', i), plan_, `p${i}`);
  const all = [...plan.partitions.keys()];
  const tokens = new Map(scene.membership.give('in', ...all).map((token) => [token.partition, token]));
  scene.fates.push(...plan.events.map((event) => fateOf(event, scene, tokens)));
  const done = (): boolean =>
    all.every(
      (i) => scene.world.log('in', i).end === 0 || scene.committedOffset(i) === scene.world.log('in', i).end,
    );
  await scene.serveUntil(
    done,
    `committed: ${all.map((i) => scene.committedOffset(i)).join()} in ${JSON.stringify(scene.states())}`,
  );
  return scene;
}

/** What should be in an output partition, and what is. */
export const sides = (scene: Scene, i: number): [string[], string[]] => [
  scene.values('out', i),
  scene.world
    .log('in', i)
    .visible()
    .map(({ value }) => value),
];
