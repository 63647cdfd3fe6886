import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { derive, type SchemaType } from '../../../../src/stamp/schema/derive.ts';
import { avroType } from '../../../support/schemas/avro-types.ts';
import { jsonValidator } from '../../../support/schemas/json-validator.ts';
import { FLAT } from './placement.ts';

const ROOT = join(import.meta.dirname, '../../../../schemas');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface Subject {
  readonly subject: string;
  readonly type: SchemaType;
  readonly file: string;
  readonly message?: number[];
  readonly stamped: readonly {
    readonly subject: string;
    readonly file: string;
    readonly shape: 'flat' | 'envelope';
  }[];
}
const subjects = JSON.parse(read('subjects.json')) as Subject[];

/** Unstamped and stamped text of every example and of every released version of it. */
const pairs = subjects.flatMap(({ subject, type, file, message, stamped }) =>
  stamped.flatMap((one) => [
    { type, message, shape: one.shape, from: file, to: one.file },
    ...readdirSync(join(ROOT, 'history', subject)).map((version) => ({
      ...{ type, message, shape: one.shape },
      from: join('history', subject, version),
      to: join('history', one.subject, version),
    })),
  ]),
);

function compiles(type: SchemaType, text: string): void {
  if (type === 'AVRO') avroType(text);
  else if (type === 'JSON') jsonValidator(text);
  else protobuf.parse(text).root.resolveAll();
}

describe('schemas/, the golden files', () => {
  it.each(pairs)(
    '$to is derived from $from, byte for byte, and compiles',
    ({ type, message, shape, from, to }) => {
      const derived = derive(type, read(from), message ?? [0], { ...FLAT, shape });
      expect(derived).toMatchObject({ kind: 'derived', text: read(to) });
      expect(() => {
        compiles(type, read(to));
      }).not.toThrow();
    },
  );

  it('holds every format, shape and version (control: the pairs above are not few)', () => {
    expect(pairs.length).toBeGreaterThanOrEqual(16);
    expect(new Set(pairs.map(({ type, shape }) => `${type} ${shape}`)).size).toBe(5);
  });
});
