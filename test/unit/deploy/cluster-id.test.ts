import { describe, expect, it } from '@jest/globals';
import { newClusterId } from '../../../deploy/local/kafka-jvm.ts';

const dash = Buffer.alloc(16, 0xf8); // base64url: "-Pj4…"
const plain = Buffer.alloc(16, 7);

describe('a cluster ID', () => {
  it('is drawn again when it would look like an option to StorageTool', () => {
    const draws = [dash, dash, plain];
    expect(newClusterId(() => draws.shift()!)).toBe(plain.toString('base64url'));
    expect(draws).toHaveLength(0);
  });

  it('control: the bytes drawn first do start with a dash', () => {
    expect(dash.toString('base64url')).toMatch(/^-/);
  });

  it('is a base64url of 16 bytes', () => {
    expect(newClusterId()).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
  });
});
