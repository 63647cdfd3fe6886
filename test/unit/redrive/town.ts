import type { GroupIdentity } from '../../../src/kafka/membership/port.ts';
import { Ownership } from '../../../src/redrive/ownership.ts';
import type { RedrivePlan, RedriveReport } from '../../../src/redrive/port.ts';
import { Redrive } from '../../../src/redrive/redrive.ts';
import { FakeProducer, type Fate, type Script } from '../pipeline/producer.ts';
import { FakeMembership, type Token } from '../pipeline/scene.ts';
import { World } from '../pipeline/world.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';

export const ALL: RedrivePlan = {
  topic: 'dlq',
  selection: {
    topics: new Set(['in']),
    ...{ codes: undefined, partition: undefined, fromMs: undefined, toMs: undefined },
  },
  ...{ most: undefined, rate: undefined, discard: false },
};

/** Two input partitions, one of dead letters, and a redrive whose transactions have the fate a test gives them. */
export class RedriveTown implements Script {
  readonly world = new World();
  readonly calls: string[] = [];
  readonly inits: Script['inits'] = [];
  readonly sent: Script['sent'] = [];
  fates: Fate[] = [];
  otherwise: Fate = 'commit';
  readonly stop = new AbortController();
  membership!: FakeMembership;
  tokens: Token[] = [];

  constructor() {
    this.world.create('in', 2);
    this.world.create('dlq');
  }

  /** Letters of input partition 0 unless said: their value, and the code with which they died. */
  die(values: readonly string[], code = 'RECORD_TOO_LARGE', partition = 0): this {
    for (const value of values)
      this.letter(value, {
        code,
        message: 'm',
        route: 'r',
        topic: 'in',
        partition: String(partition),
        offset: '5',
      });
    return this;
  }

  letter(value: string, said: Readonly<Record<string, string>>): this {
    const headers = [
      { name: text('own'), value: text('1') },
      ...Object.entries(said).map(([name, word]) => ({
        name: text(`snowstamp.error.${name}`),
        value: text(word),
      })),
    ];
    this.world.log('dlq').putBytes(encodeBatch({ records: [plainRecord({ value: text(value), headers })] }));
    return this;
  }

  async redrive(plan: Partial<RedrivePlan> = {}, dryRun = false): Promise<RedriveReport> {
    const ownership = new Ownership();
    this.membership = new FakeMembership(ownership);
    const identity: GroupIdentity = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null };
    this.membership.current = identity;
    this.tokens = this.membership.give('dlq', 0);
    const redrive = new Redrive({
      plan: { ...ALL, ...plan },
      ...{ cluster: this.world, clock: this.world.clock, groupId: 'g', requestTimeoutMs: 1_000 },
      stop: this.stop.signal,
      ...{ expect: () => undefined, progress: () => undefined },
    });
    if (dryRun) await redrive.look();
    else {
      const producer = new FakeProducer(this.world, this);
      await redrive.run({ membership: this.membership, ownership, producer });
    }
    return redrive.report;
  }

  back(partition = 0): string[] {
    return this.world
      .log('in', partition)
      .visible()
      .map(({ value }) => value);
  }
}
