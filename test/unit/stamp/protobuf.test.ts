import { describe, expect, it } from '@jest/globals';
import { hex, settings, stampedOrCode } from './value-drive.ts';

const value = settings({ format: 'protobuf' });
const stamped = (body: string, fieldNumber = 2_047, existing?: 'keep' | 'reject'): string => {
  const out = stampedOrCode({ ...value, fieldNumber }, hex(body), {
    id: 0x0102030405060708n,
    ...(existing === undefined ? {} : { existing }),
  });
  return /^[A-Za-z_-]+$/.test(out) ? out : Buffer.from(out, 'latin1').toString('hex');
};
const ID = '0807060504030201';
const TAG = 'f97f';

describe('a Protobuf message', () => {
  it.each([
    ['no field', ''],
    ['a varint', '089601'],
    ['a varint of ten bytes', '08ffffffffffffffffff01'],
    ['eight bytes', '090102030405060708'],
    ['four bytes', '0d01020304'],
    ['a string, an empty one too', '120774657374696e671a00'],
    ['a number of five bytes', 'f8ffffff0f01'],
    ['several', '08960112026869150102030419aaaaaaaaaaaaaaaa2a03080101'],
  ])('with %s: the ID stands behind everything else', (_, body) => {
    expect(stamped(body)).toBe(`${body}${TAG}${ID}`);
  });

  it.each([
    [1, '09'],
    [15, '79'],
    [16, '8101'],
    [2_047, 'f97f'],
    [2_048, '818001'],
    [18_999, 'b9a309'],
    [536_870_911, 'f9ffffff0f'],
  ])('field %i has the tag %s', (fieldNumber, tag) => {
    expect(stamped('', fieldNumber)).toBe(`${tag}${ID}`);
  });

  it.each([
    ['a string cut short', '1207746573', 'VALUE_TRUNCATED'],
    ['a string whose length is cut short', '12', 'VALUE_TRUNCATED'],
    ['a length cut short within', '1280', 'VALUE_TRUNCATED'],
    ['eight bytes cut short', '0901020304050607', 'VALUE_TRUNCATED'],
    ['four bytes cut short', '0d010203', 'VALUE_TRUNCATED'],
    ['a varint cut short', '0896', 'VALUE_TRUNCATED'],
    ['a tag cut short', '0896018a', 'VALUE_TRUNCATED'],
    ['a field without value', '08', 'VALUE_TRUNCATED'],
    ['a length beyond 2^31', '12ffffffff0f', 'VALUE_NOT_PROTOBUF'],
    ['a varint of eleven bytes', '08ffffffffffffffffffff01', 'VALUE_NOT_PROTOBUF'],
    ['a tag beyond 32 bits', 'f8ffffff1f01', 'VALUE_NOT_PROTOBUF'],
    ['a tag of six bytes', 'f8ffffffff0101', 'VALUE_NOT_PROTOBUF'],
    ['field 0', '0001', 'VALUE_NOT_PROTOBUF'],
    ['wire type 6', '0e', 'VALUE_NOT_PROTOBUF'],
    ['wire type 7', '0f', 'VALUE_NOT_PROTOBUF'],
    ['a group', '0b0c', 'VALUE_HAS_GROUP'],
    ['the end of a group', '08010c', 'VALUE_HAS_GROUP'],
  ])('%s is refused', (_, body, code) => {
    expect(stamped(body)).toBe(code);
  });

  it('control: appended to a message cut short, the ID would end up in its last field', () => {
    const cut = '1212746573';
    expect(stamped(cut)).toBe('VALUE_TRUNCATED');
    // Field 2 claims 18 bytes: the three that are left and the ten of the stamp, and five more that another record could bring.
    expect(hex(`${cut}${TAG}${ID}`).length - 2).toBeLessThan(18);
    expect(stamped('120d746573')).toBe('VALUE_TRUNCATED');
    expect(hex(`120d746573${TAG}${ID}`).length - 2).toBe(13);
  });

  it('stamped again, the last ID wins; it is kept or rejected as the policy says', () => {
    const before = `0801${TAG}0000000000000001`;
    expect(stamped(before)).toBe(`${before}${TAG}${ID}`);
    expect(stamped(before, 2_047, 'keep')).toBe(before);
    expect(stamped(before, 2_047, 'reject')).toBe('already-stamped');
    expect(stamped(`${before}0801`, 2_047, 'reject')).toBe('already-stamped');
  });

  it.each([
    ['varint', 'f87f01'],
    ['string', 'fa7f00'],
    ['four bytes', 'fd7f00000000'],
    ['group', 'fb7ffc7f'],
  ])('another kind of field under the ID’s number is refused: %s', (_, field) => {
    expect(stamped(`0801${field}`)).toBe('VALUE_WIRE_TYPE');
    expect(stamped(`0801${field}`, 2_046)).toBe(
      field === 'fb7ffc7f' ? 'VALUE_HAS_GROUP' : `0801${field}f17f${ID}`,
    );
  });

  it('cut short anywhere but between two fields it is refused, whatever the width of tags and lengths', () => {
    const zeros = (count: number): string => '00'.repeat(count);
    const fields = [
      ...['0801', '08ffffffffffffffffff01', `09${zeros(8)}`, `0d${zeros(4)}`, '120161'],
      ...[`12c801${zeros(200)}`, `12808001${zeros(16_384)}`, '1280808000'],
      ...['800101', '81800100'.padEnd(22, '0'), 'd20901aa', `f27f8001${zeros(128)}`, 'f8ffffff0f7f'],
    ];
    const message = fields.join('');
    const between = new Set(fields.map((_, i) => fields.slice(0, i).join('').length / 2));
    for (let length = 0; length < message.length / 2; length += length > 300 && length < 16_500 ? 997 : 1) {
      const cut = message.slice(0, length * 2);
      const right = between.has(length) ? `${cut}${TAG}${ID}` : 'VALUE_TRUNCATED';
      expect({ length, right: stamped(cut) === right }).toEqual({ length, right: true });
    }
    expect(stamped(message)).toBe(`${message}${TAG}${ID}`);
  });

  it('control: our number further in is somebody else’s', () => {
    expect(stamped('1203f87f01')).toBe(`1203f87f01${TAG}${ID}`);
  });
});
