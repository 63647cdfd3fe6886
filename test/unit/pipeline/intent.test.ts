import { describe, expect, it } from '@jest/globals';
import { newDraft, partOf } from '../../../src/pipeline/draft.ts';
import { prepare } from '../../../src/pipeline/intent.ts';
import { Partition } from '../../../src/pipeline/partition.ts';
import type { Minter } from '../../../src/pipeline/port.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { route } from '../../support/settings.ts';
import { FakeMembership, IDENTITY, type Token } from './scene.ts';

const MINTER = { node: 1, layout: DEFAULT_LAYOUT } as Minter;
const ROUTE = route({ name: 'r', input: 'in', output: 'out' });
const MEMBERSHIP = new FakeMembership({
  added: () => undefined,
  lost: () => undefined,
  revoking: () => Promise.resolve(),
});

/** A transaction that moves a partition from 5 to 8 past markers alone. */
function moved(): { partition: Partition; token: Token; offsets: () => unknown } {
  const token: Token = { topic: 'in', partition: 0, alive: true };
  const partition = new Partition(token, ROUTE, () => undefined);
  const carried = { lastId: 42n, outputOffset: 7 };
  partition.opened({
    offset: 5,
    leaderEpoch: 2,
    carried,
    floorTimestampMs: -1,
    topicId: 't',
    source: 'commit',
  });
  const draft = newDraft();
  const part = partOf(draft, partition);
  part.next = 8;
  part.nextEpoch = 3;
  const { intent } = prepare(draft, IDENTITY, MINTER, MEMBERSHIP);
  return { partition, token, offsets: () => intent.offsets([]) };
}

describe('before every offset commit (rule 6)', () => {
  it('what was carried goes on unchanged when a transaction only moved past markers (rule 9)', () => {
    expect(moved().offsets()).toEqual([
      { topic: 'in', partition: 0, offset: 8, leaderEpoch: 3, metadata: 'v1:42:7' },
    ]);
  });

  it('a position that moved under the transaction makes it abort', () => {
    const { partition, offsets } = moved();
    partition.committed(6, 2, partition.carried);
    expect(offsets()).toBeUndefined();
  });

  it('an ownership token that died makes it abort', () => {
    const { token, offsets } = moved();
    token.alive = false;
    expect(offsets()).toBeUndefined();
  });
});
