import { describe, expect, it } from '@jest/globals';
import { text } from '../records/plain-codec.ts';
import { header, HEADER } from './town.ts';
import {
  audited,
  avro,
  envelope,
  FIXED,
  hex,
  ID,
  MEMBER,
  protobuf,
  TAG,
  town,
  ZIGZAG,
} from './value-town.ts';

describe('the samples above are what they say', () => {
  it('zig-zag and little-endian of the ID', () => {
    let value = 0n;
    for (const [i, byte] of hex(ZIGZAG).entries()) value |= BigInt(byte & 127) << BigInt(7 * i);
    expect(value).toBe(ID * 2n);
    expect(Buffer.from(hex(FIXED)).readBigInt64LE()).toBe(ID);
  });
});

describe('verify on honest value stamps (P4)', () => {
  it.each([
    ['JSON', {}, '{"a":9007199254740993}', `{${MEMBER},"a":9007199254740993}`],
    ['JSON, spaces and all', {}, ' \n{ "a" : 1 } ', ` \n{${MEMBER}, "a" : 1 } `],
    ['JSON, empty', {}, '{ }', `{${MEMBER} }`],
    ['JSON, with a mark', {}, '\ufeff{"a":1}', `\ufeff{${MEMBER},"a":1}`],
    ['JSON, broken within', {}, '{"a":1,,}', `{${MEMBER},"a":1,,}`],
    [
      'JSON, an ID replaced',
      {},
      `{"a":[1,{"x":"]"}],"${HEADER}": {"b":2},"c":3}`,
      `{"a":[1,{"x":"]"}],"${HEADER}": "${ID}","c":3}`,
    ],
    ['JSON, an ID spelt otherwise', {}, '{"snowflake\\u005fid":7}', `{"snowflake\\u005fid":"${ID}"}`],
    ['JSON envelope', envelope, '[1]', `{${MEMBER},"event":[1]}`],
    ['JSON envelope of itself', envelope, `{${MEMBER}}`, `{${MEMBER},"event":{${MEMBER}}}`],
    ['Avro', avro, hex('06 66 6f 6f'), hex(`${ZIGZAG} 06 66 6f 6f`)],
    ['Avro, nothing', avro, hex(''), hex(ZIGZAG)],
    ['Avro, nullable', { ...avro, nullable: true }, hex('06 66'), hex(`02 ${ZIGZAG} 06 66`)],
    ['Avro envelope', { ...avro, ...envelope }, hex('06 66'), hex(`${ZIGZAG} 06 66`)],
    ['Protobuf', protobuf, hex('0a 01 61 10 07'), hex(`0a 01 61 10 07 ${TAG} ${FIXED}`)],
    ['Protobuf, nothing', protobuf, hex(''), hex(`${TAG} ${FIXED}`)],
    [
      'Protobuf, a second ID',
      protobuf,
      hex(`${TAG} 05 00 00 00 00 00 00 00`),
      hex(`${TAG} 05 00 00 00 00 00 00 00 ${TAG} ${FIXED}`),
    ],
  ] as const)('%s', async (_, change, input, output) => {
    const report = await audited(change, input, output);
    expect(report).toMatchObject({
      ...{ verdict: 'proven', ids: 1, duplicateIds: 0 },
      partitions: [{ inputs: 1, stamped: 1, inValue: 1, headerOnly: 0, firstDifference: undefined }],
    });
  });

  it('a null value has the ID in the header, and headers of that name leave a stamped value', async () => {
    const report = await town()
      .put('in', { value: null }, { value: text('{}'), headers: [header('a', '1'), header(HEADER, '5')] })
      .put(
        'out',
        { headers: [header(HEADER, '11')] },
        { value: text(`{"${HEADER}":"12"}`), headers: [header('a', '1')] },
      )
      .committed(2, 'v1:12:1')
      .verify();
    expect(report).toMatchObject({
      ...{ verdict: 'proven', ids: 2 },
      partitions: [{ stamped: 2, inValue: 1, headerOnly: 0 }],
    });
  });
});

describe('verify on value stamps that are none: input, output and first byte are named (P4)', () => {
  const at = 'input 0 and output 0: ';
  it.each([
    ['a byte of the value', {}, '{"a":1}', `{${MEMBER},"a":2}`, 'value: byte 42 expected 0x31, found 0x32'],
    [
      'a number rounded',
      {},
      '{"a":9007199254740993}',
      `{${MEMBER},"a":9007199254740992}`,
      'expected 0x33, found 0x32',
    ],
    [
      'a member dropped',
      {},
      '{"a":1,"a":2}',
      `{${MEMBER},"a":2}`,
      'value: byte 42 expected 0x31, found 0x32, 50 bytes became 44',
    ],
    [
      'a number as ID',
      {},
      '{"a":1}',
      `{"${HEADER}":${ID},"a":1}`,
      'value: byte 16 expected 0x22, found 0x31, 7 bytes became 42',
    ],
    [
      'an ID with a zero before it',
      {},
      '{}',
      `{"${HEADER}":"011"}`,
      'value: byte 17 expected an ID, found 0x30',
    ],
    ['another name', {}, '{}', '{"snowflake-id":"11"}', 'value: byte 11 expected 0x5f, found 0x2d'],
    ['behind the others', {}, '{"a":1}', `{"a":1,${MEMBER}}`, 'value: byte 2 expected 0x73, found 0x61'],
    [
      'in front where one was',
      {},
      `{"${HEADER}":"5"}`,
      `{${MEMBER},"${HEADER}":"5"}`,
      `expected 0x7d, found 0x2c`,
    ],
    ['not stamped', {}, '{"a":1}', '{"a":1}', 'value: byte 2 expected 0x73, found 0x61'],
    ['a list', {}, '[]', `{${MEMBER},"event":[]}`, 'value: cannot be stamped: it is no JSON object'],
    [
      'two IDs',
      {},
      `{"${HEADER}":1,"${HEADER}":2}`,
      `{"${HEADER}":1,"${HEADER}":"${ID}"}`,
      `it has 2 members named ${HEADER}`,
    ],
    ['an envelope left open', envelope, '1', `{${MEMBER},"event":1`, 'expected 0x7d, found the end'],
    [
      'an envelope broken out of',
      envelope,
      '1},{"x":2',
      `{${MEMBER},"event":1},{"x":2}`,
      'value: cannot be stamped: it is no JSON text',
    ],
    ['Avro, a byte', avro, hex('06 66'), hex(`${ZIGZAG} 06 67`), 'value: byte 10 expected 0x66, found 0x67'],
    ['Avro, the ID cut short', avro, hex(''), hex('82 a0'), 'value: byte 0 expected an ID, found 0x82'],
    [
      'Avro, a longer spelling of the ID',
      avro,
      hex('06'),
      hex('96 00 06'),
      'value: byte 0 expected 0x16, found 0x96',
    ],
    ['Avro, a negative ID', avro, hex(''), hex('15'), 'value: byte 0 expected an ID, found 0x15'],
    [
      'Avro, the wrong branch',
      { ...avro, nullable: true },
      hex('06'),
      hex(`00 ${ZIGZAG} 06`),
      'value: byte 0 expected 0x02, found 0x00',
    ],
    [
      'Protobuf, in front',
      protobuf,
      hex('10 07'),
      hex(`${TAG} ${FIXED} 10 07`),
      'value: byte 0 expected 0x10, found 0xf9',
    ],
    [
      'Protobuf, another field',
      protobuf,
      hex('10 07'),
      hex(`10 07 f1 7f ${FIXED}`),
      'value: byte 2 expected 0xf9, found 0xf1',
    ],
    [
      'Protobuf, more behind',
      protobuf,
      hex('10 07'),
      hex(`10 07 ${TAG} ${FIXED} 10 07`),
      'expected the end, found 0x10',
    ],
    [
      'Protobuf, swallowed by a field cut short',
      protobuf,
      hex('0a 0b 61'),
      hex(`0a 0b 61 ${TAG} ${FIXED}`),
      'its fields do not end where the message ends',
    ],
    ['Protobuf, a group', protobuf, hex('0b 0c'), hex(`0b 0c ${TAG} ${FIXED}`), 'it holds a group'],
    [
      'Protobuf, a field of another type',
      protobuf,
      hex('f8 7f 05'),
      hex(`f8 7f 05 ${TAG} ${FIXED}`),
      'field 2047 is of another type',
    ],
  ] as const)('%s', async (_, change, input, output, says) => {
    const report = await audited(change, input, output);
    expect(report).toMatchObject({ verdict: 'failed', partitions: [{ missing: 0, extra: 0 }] });
    expect(report.partitions[0]?.different).toBeGreaterThan(0);
    expect(report.partitions[0]?.firstDifference).toContain(at);
    expect(report.partitions[0]?.firstDifference).toContain(says);
  });

  it.each([
    ['a key', { key: text('k') }],
    ['a header', { headers: [header('a', '1')] }],
    ['a time', { timestamp: 5n }],
    ['an empty value', { value: text('') }],
    ['a tombstone', { value: null }],
  ] as const)('%s that was not there', async (_, change) => {
    const output = { value: text(`{${MEMBER}}`), ...change };
    const report = await town()
      .put('in', { value: text('{}') })
      .put('out', output)
      .committed(1, `v1:${ID}:0`)
      .verify();
    expect(report).toMatchObject({ verdict: 'failed' });
    expect(report.partitions[0]?.different).toBeGreaterThan(0);
  });
});
