import { describe, expect, it } from '@jest/globals';
import { decodeIds } from '../../../src/commands/decode.ts';
import { compose, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';

const id = compose(DEFAULT_LAYOUT, {
  timestampMs: Date.UTC(2026, 5, 1, 12),
  node: 3 * 32 + 7,
  sequence: 4_095,
});
const hex = id.toString(16).padStart(16, '0');

function run(ids: string[], json = false): { exit: number; lines: string[] } {
  const lines: string[] = [];
  const exit = decodeIds(ids, DEFAULT_LAYOUT, { json }, (line) => lines.push(line));
  return { exit, lines };
}

describe('snowstamp decode', () => {
  it.each([String(id), hex, hex.toUpperCase(), `0x${id.toString(16)}`])(
    'shows the fields of %s',
    (argument) => {
      expect(run([argument])).toEqual({
        exit: 0,
        lines: [
          `id          ${id}`,
          `timestamp   2026-06-01T12:00:00.000Z  (${Date.UTC(2026, 5, 1, 12)})`,
          'datacenter  3',
          'worker      7',
          'node        103',
          'sequence    4095',
        ],
      });
    },
  );

  it('prints one line of JSON each, with the ID as a string', () => {
    const { exit, lines } = run([String(id), '0'], true);
    expect(exit).toBe(0);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        id: String(id),
        timestamp: '2026-06-01T12:00:00.000Z',
        timestampMs: Date.UTC(2026, 5, 1, 12),
        datacenter: 3,
        worker: 7,
        node: 103,
        sequence: 4095,
      },
      expect.objectContaining({ id: '0', timestamp: '2024-01-01T00:00:00.000Z' }),
    ]);
  });

  it.each([
    ['twelve', 'not an ID: write it in decimal'],
    ['-1', 'negative: the sign bit'],
    ['9223372036854775808', 'too large: an ID has at most 63 bits'],
    ['0xffffffffffffffff', 'too large'],
    ['9'.repeat(500), 'too large'],
  ])('names the argument %s, exits 64 and still shows the rest', (bad, why) => {
    const { exit, lines } = run([String(id), bad, '5']);
    expect(exit).toBe(64);
    expect(lines).toHaveLength(13);
    expect(lines[6]).toMatch(`decode: argument 2, "${bad.slice(0, 40)}`);
    expect(lines[6]).toMatch(why);
    expect(lines[6]?.length).toBeLessThan(200);
  });

  it('puts mistakes into JSON too', () => {
    const { exit, lines } = run(['x', '5'], true);
    expect(exit).toBe(64);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      argument: 'x',
      error: expect.stringMatching(/^not an ID/),
    });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ id: '5' });
  });

  it('asks for an ID when there is none', () => {
    expect(run([])).toEqual({ exit: 64, lines: ['decode: give at least one ID'] });
  });
});
