import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Ledger } from '../../../src/redrive/ledger.ts';

const again = (ledger: Ledger): Ledger => Ledger.read(ledger.offset, ledger.metadata()!);
const due = (ledger: Ledger, from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i).filter((offset) => ledger.isDue(offset));

describe('which letters were dealt with', () => {
  it('the one kept back is due, those around it are not, and a restart knows it', () => {
    const ledger = new Ledger(10).after([10, 12, 13], [11], 15);
    for (const one of [ledger, again(ledger)]) {
      expect(one.offset).toBe(11);
      expect(due(one, 5, 18)).toEqual([11, 15, 16, 17]);
    }
    expect(again(ledger).after([11], [], 15).offset).toBe(15);
  });

  it('letters that retention deleted are not due', () => {
    expect(due(new Ledger(10).after([], [11, 20], 25).from(15), 0, 27)).toEqual([20, 25, 26]);
    expect(new Ledger(3).from(15).offset).toBe(15);
  });

  it.each([null, '', 'v1:5:5', 'r1:zzzzzzzz:', 'r1:5:AAAA', 'r1:5:not base64', 'r1:8:////'])(
    'metadata %p of somebody else leaves the offset',
    (metadata) => {
      const ledger = Ledger.read(7, metadata);
      expect([ledger.offset, ledger.walked]).toEqual([7, 7]);
    },
  );

  it('says when there is more than a commit holds, and holds twenty thousand letters of any pattern', () => {
    const random = (count: number): Ledger => {
      let state = 1;
      const kept = Array.from({ length: count }, (_, i) => i).filter(() => {
        state = Math.imul(state, 1_103_515_245) + 12_345;
        return (state & 0x4000_0000) !== 0;
      });
      return new Ledger(0).after([], [0, ...kept], count);
    };
    expect(random(20_000).metadata()).toBeDefined();
    expect(random(40_000).metadata()).toBeUndefined();
    const every = new Ledger(0).after(
      [],
      Array.from({ length: 200_000 }, (_, i) => i * 2),
      400_000,
    );
    expect(every.metadata()!.length).toBeLessThan(4_096);
    expect(new Ledger(0).after([], [0], 2 ** 24 + 1).metadata()).toBeUndefined();
  });

  it('deals with each letter once, whatever runs before it filter by', () => {
    const runs = fc.array(fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), { maxLength: 6 });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 30 }), (filters, stop) => {
        let ledger = new Ledger(0);
        const dealt = new Map<number, number>();
        for (const [run, filter] of filters.entries()) {
          const [now, kept]: [number[], number[]] = [[], []];
          const walked = run === 0 ? stop : 30;
          for (let offset = 0; offset < walked; offset++)
            if (ledger.isDue(offset)) (filter[offset]! ? now : kept).push(offset);
          for (const offset of now) dealt.set(offset, (dealt.get(offset) ?? 0) + 1);
          ledger = again(ledger.after(now, kept, walked));
        }
        expect([...dealt.values()].every((times) => times === 1)).toBe(true);
        const wanted = [...filters.keys()].flatMap((run) =>
          filters[run]!.flatMap((is, offset) => (is && (run > 0 || offset < stop) ? [offset] : [])),
        );
        expect(new Set(dealt.keys())).toEqual(new Set(wanted));
      }),
    );
  });
});
