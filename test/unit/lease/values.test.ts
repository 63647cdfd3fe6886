import { describe, expect, it } from '@jest/globals';
import {
  decodeBeacon,
  decodeWindow,
  encodeBeacon,
  encodeUntil,
  encodeWindow,
} from '../../../src/lease/values.ts';

describe('text forms of the keys', () => {
  it.each([
    { untilMs: 0, held: false },
    { untilMs: 1_700_000_000_000, held: true, by: 'pod-7.eu' },
    { untilMs: Number.MAX_SAFE_INTEGER, held: false, releasedAtMs: 1_700_000_000_001, by: 'a' },
  ])('a window reads back as written: %j', (window) => {
    expect(decodeWindow(encodeWindow(window))).toEqual(window);
  });

  it('a window is at most 128 bytes, and its diagnostics cannot break its form', () => {
    const text = encodeWindow({
      untilMs: 1,
      held: true,
      by: 'ü;by=x;\n'.repeat(50),
      releasedAtMs: 1_700_000_000_000,
    });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(128);
    expect(decodeWindow(text)).toMatchObject({ untilMs: 1, held: true });
  });

  it.each(['', '123;held', `${'9'.repeat(20)};held`, `${'0'.repeat(20)};free`, '0'.repeat(20)])(
    'what is no window is not read as one: %j',
    (text) => {
      expect(decodeWindow(text)).toBeUndefined();
    },
  );

  it('whole windows compare bytewise with a bound as their numbers do', () => {
    const standing = Buffer.from(encodeWindow({ untilMs: 99_999, held: true, by: 'x' }));
    const below = (bound: number) => Buffer.compare(standing, Buffer.from(encodeUntil(bound))) < 0;
    expect([99_998, 99_999, 100_000].map(below)).toEqual([false, false, true]);
  });

  it.each([NaN, 1.5, -1, Infinity, 2 ** 53])('%p is no bound, and is never written as one (P1)', (bound) => {
    expect(() => encodeUntil(bound)).toThrow(RangeError);
  });

  it.each([
    { nonce: 'ab12', wallMs: 5 },
    { nonce: 'ab12', wallMs: 5, name: 'pod-7.eu', granted: false },
    {
      nonce: 'ab12',
      wallMs: 1_700_000_000_000,
      name: 'a',
      granted: true,
      heard: { revision: '9223372036854775807', sentAgoMs: 3_000, answeredAgoMs: 0 },
    },
  ])('a beacon reads back as written: %j', (beacon) => {
    expect(decodeBeacon(encodeBeacon(beacon))).toEqual(beacon);
  });

  it('a beacon is at most 192 bytes, whatever the host is called', () => {
    const heard = { revision: '9'.repeat(19), sentAgoMs: 10 ** 14, answeredAgoMs: 10 ** 14 };
    const text = encodeBeacon({
      nonce: 'f'.repeat(32),
      wallMs: 10 ** 14,
      name: 'ü;g;x'.repeat(50),
      granted: true,
      heard,
    });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(192);
    expect(decodeBeacon(text)).toMatchObject({ granted: true, heard });
    expect(decodeBeacon(encodeBeacon({ nonce: 'a', wallMs: 1, name: '' }))).toMatchObject({ nonce: 'a' });
  });

  it.each(['ab12', 'ab12;5;x;a', 'ab12;5;g;', 'ab12;5;g;a;1', 'ab12;-5', ';5', 'ab12;5;g;a;1;2;3;4'])(
    'what is no beacon is not read as one: %j',
    (text) => {
      expect(decodeBeacon(text)).toBeUndefined();
    },
  );
});
