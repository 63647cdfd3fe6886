import { describe, expect, it } from '@jest/globals';
import type { StampRule } from '../../../src/audit/rule.ts';
import { text } from '../records/plain-codec.ts';
import { AuditTown, header, HEADER } from './town.ts';
import {
  asBytes,
  audited,
  avro,
  envelope,
  FIXED,
  hex,
  MEMBER,
  protobuf,
  TAG,
  town,
  ZIGZAG,
  type Change,
} from './value-town.ts';

describe('IDs in values count as any other (P1, P2)', () => {
  const stamped = (...ids: readonly number[]) => ids.map((id) => ({ value: text(`{"${HEADER}":"${id}"}`) }));
  const given = { value: text('{}') };
  const three = (...ids: readonly number[]) =>
    town()
      .put('in', given, given, given)
      .put('out', ...stamped(...ids))
      .committed(3, `v1:${ids.at(-1)}:2`)
      .verify();

  it('control: rising and different', async () => {
    expect(await three(11, 12, 13)).toMatchObject({ verdict: 'proven', ids: 3 });
  });

  it('twice, falling, another last one than the commit names, and behind the commit', async () => {
    expect(await three(11, 12, 12)).toMatchObject({
      duplicateIds: 1,
      firstDuplicate: '12',
      verdict: 'failed',
    });
    expect(await three(12, 11, 13)).toMatchObject({ verdict: 'failed', partitions: [{ outOfOrder: 1 }] });
    const other = town()
      .put('in', given)
      .put('out', ...stamped(11))
      .committed(1, 'v1:12:0');
    expect(await other.verify()).toMatchObject({ verdict: 'failed', partitions: [{ different: 1 }] });
    const behind = town()
      .put('in', given)
      .put('out', ...stamped(11, 11))
      .committed(1, 'v1:11:0');
    expect(await behind.verify()).toMatchObject({
      verdict: 'failed',
      duplicateIds: 1,
      partitions: [{ extra: 1 }],
    });
  });

  it('of every format, also where no input accounts for the record', async () => {
    for (const [change, value] of [
      [avro, hex(ZIGZAG)],
      [protobuf, hex(`${TAG} ${FIXED}`)],
      [envelope, text(`{${MEMBER},"event":1}`)],
    ] as const)
      expect(await town(change).put('out', { value }, { value }).verify()).toMatchObject({
        ...{ verdict: 'failed', ids: 2, duplicateIds: 1 },
        partitions: [{ extra: 2 }],
      });
  });
});

describe('IDs that were there already, by policy (rule 10)', () => {
  const had = `{"${HEADER}":"5"}`;

  it('keep leaves them; control: what had none is stamped', async () => {
    expect(await audited({ existing: 'keep' }, had, had)).toMatchObject({
      partitions: [{ kept: 1, stamped: 0 }],
    });
    expect(await audited({ existing: 'keep' }, '{}', `{${MEMBER}}`)).toMatchObject({ verdict: 'proven' });
    expect(await audited({ existing: 'keep' }, had, `{${MEMBER}}`)).toMatchObject({ verdict: 'failed' });
    expect(await audited({ existing: 'keep' }, '{}', '{}')).toMatchObject({ verdict: 'failed' });
  });

  it('reject lets none through, in value or header; control: replace does', async () => {
    expect(await audited({ existing: 'reject' }, had, `{${MEMBER}}`)).toMatchObject({ verdict: 'failed' });
    expect(await audited({ existing: 'replace' }, had, `{${MEMBER}}`)).toMatchObject({ verdict: 'proven' });
    const inHeader = (existing: StampRule['existing']) =>
      new AuditTown({ rule: { header: HEADER, existing } })
        .put('in', { headers: [header(HEADER, '5')] })
        .put('out', { headers: [header(HEADER, '11')] })
        .committed(1, 'v1:11:0')
        .verify();
    expect(await inHeader('reject')).toMatchObject({ verdict: 'failed' });
    expect(await inHeader('replace')).toMatchObject({ verdict: 'proven' });
  });
});

describe('onError: header', () => {
  const inHeader = (
    change: Change,
    value: string | Uint8Array,
    headers = [] as ReturnType<typeof header>[],
  ) =>
    town(change)
      .put('in', { value: asBytes(value), headers })
      .put('out', { value: asBytes(value), headers: [...headers, header(HEADER, '11')] })
      .committed(1, 'v1:11:0')
      .verify();

  it.each([
    ['a list', {}, '[]', []],
    ['a text that is broken within', {}, '{"a":1,,}', []],
    ['two IDs', {}, `{"${HEADER}":1,"${HEADER}":2}`, []],
    ['no text for an envelope', envelope, '{', []],
    ['Protobuf cut short', protobuf, hex('0a 0b 61'), []],
    ['a schema named in a header', avro, hex('06'), [header('__value_schema_id', 'x')]],
    ['no wire prefix', { wire: 'confluent' }, '{}', []],
  ] as const)(
    'is right for %s, and counted; control: wrong on a route that has it otherwise',
    async (_, change, value, headers) => {
      expect(await inHeader({ ...change, orHeader: true }, value, [...headers])).toMatchObject({
        ...{ verdict: 'proven', ids: 1 },
        partitions: [{ stamped: 1, inValue: 0, headerOnly: 1 }],
      });
      expect(await inHeader({ ...change, orHeader: false }, value, [...headers])).toMatchObject({
        verdict: 'failed',
      });
    },
  );

  it.each([
    ['JSON', {}, '{"a":1}'],
    ['an envelope', envelope, '1'],
    ['Avro', avro, hex('06')],
    ['Protobuf', protobuf, hex('10 07')],
  ] as const)('is wrong for %s that can be stamped', async (_, change, value) => {
    const report = await inHeader({ ...change, orHeader: true }, value);
    expect(report).toMatchObject({ verdict: 'failed', partitions: [{ different: 1 }] });
    expect(report.partitions[0]?.firstDifference).toContain('although the value can be stamped');
  });

  it('is unproven for a value whose schema may have been refused', async () => {
    const report = await inHeader({ wire: 'confluent', orHeader: true }, hex('00 00 00 00 07 7b 7d'));
    expect(report).toMatchObject({ verdict: 'unproven', partitions: [{ headerOnly: 1, unproven: 1 }] });
  });
});

describe('the Confluent wire format', () => {
  const wire = { wire: 'confluent' } as const;
  const framed = (id: string, rest: string): Uint8Array =>
    Uint8Array.from([...hex(`00 00 00 00 ${id}`), ...text(rest)]);
  const two = (first: string, second: string, change: Change = wire) =>
    town(change)
      .put('in', { value: framed('07', '{}') }, { value: framed('07', '{}') })
      .put(
        'out',
        { value: framed(first, `{"${HEADER}":"11"}`) },
        { value: framed(second, `{"${HEADER}":"12"}`) },
      )
      .committed(2, 'v1:12:1')
      .verify();

  it('bytes alone leave the schema unproven; one schema that became two is a fault', async () => {
    expect(await two('08', '08')).toMatchObject({
      ...{ verdict: 'unproven', ids: 2 },
      partitions: [{ inValue: 2, different: 0, unproven: 0 }],
      schemas: [{ route: 'r', from: 7, to: 8, records: 2, verdict: 'unproven' }],
    });
    expect(await two('08', '09')).toMatchObject({
      verdict: 'failed',
      schemas: [
        { to: 8, verdict: 'failed', why: 'schema 7 became 9 as well' },
        { to: 9, verdict: 'failed' },
      ],
    });
  });

  it('indexes of a message stay; a change in them is found', async () => {
    const both = (output: string) =>
      audited(
        { ...protobuf, ...wire },
        hex('00 00 00 00 07 04 02 00 10 07'),
        hex(`00 00 00 00 08 ${output} 10 07 ${TAG} ${FIXED}`),
      );
    expect(await both('04 02 00')).toMatchObject({
      partitions: [{ inValue: 1 }],
      schemas: [{ messagePath: '1.0' }],
    });
    const report = await both('04 00 02');
    expect(report.partitions[0]?.firstDifference).toContain('value: byte 6 expected 0x02, found 0x00');
  });

  it('a prefix that is gone', async () => {
    const report = await audited(wire, framed('07', '{}'), framed('00', `{${MEMBER}}`));
    expect(report.verdict).toBe('failed');
    expect(report.partitions[0]?.firstDifference).toContain('value: byte 4 expected 0x07, found 0x00');
  });
});
