import { afterAll, describe, expect, it } from '@jest/globals';
import { Planter } from './import-rules.ts';

const planter = new Planter();
afterAll(() => planter[Symbol.asyncDispose]());

const use = (specifier: string): string => `import { x } from '${specifier}';\nexport const y = x;\n`;
const useType = (specifier: string): string => `import type { X } from '${specifier}';\nexport type Y = X;\n`;

type Row = readonly [file: string, what: string, code: string];

/** Ways around the rules between rooms that a plain list of forbidden imports leaves open. */
const SHUT: readonly Row[] = [
  ['src/snowflake/a.ts', 'winding out from its own folder', use('./../lease/keeper.ts')],
  ['src/stamp/a.ts', 'winding through a room it may import', use('../snowflake/../lease/keeper.ts')],
  ['src/stamp/a.ts', 'winding through a folder of its own', use('./x/../../lease/keeper.ts')],
  [
    'src/kafka/transaction/a.ts',
    'the neighbour of a single file it may import',
    use('../membership/loop.ts'),
  ],
  ['src/kafka/transaction/a.ts', 'the same, the long way', use('../../kafka/membership/loop.ts')],
  ['src/config/x/a.ts', 'another room, from a folder within', use('../../lease/timing.ts')],
  ['src/kafka/wire/x/a.ts', 'a sibling room, from a folder within', use('../../records/batch.ts')],
  [
    'src/snowflake/a.ts',
    'an import that is an expression',
    "export const x = import('../lease/keeper.ts');\n",
  ],
  [
    'src/snowflake/a.ts',
    'a type from an import expression',
    "export type X = import('../lease/port.ts').LeaseFact;\n",
  ],
  ['src/lease/a.ts', 'loading by name', use('node:module')],
  ['src/lease/a.ts', 'the process as a module', use('node:process')],
  ['src/lease/a.ts', 'time as a module', use('node:timers/promises')],
  ['src/lease/a.ts', 'the process by its long name', 'export const x = globalThis.process;\n'],
  ['src/lease/a.ts', 'time as a text', 'export const x = Date();\n'],
  ['src/lease/a.ts', 'the other clock', 'export const x = performance.now();\n'],
  ['src/snowflake/a.ts', 'chance', 'export const x = crypto.randomUUID();\n'],
  ['src/snowflake/a.ts', 'a timer in a signal', 'export const x = AbortSignal.timeout(1);\n'],
  ['src/snowflake/a.ts', 'a timer by its long name', 'export const x = globalThis.setTimeout(() => 1);\n'],
  ['src/snowflake/a.ts', 'a built-in module without its prefix', use('fs')],
  ['src/kafka/records/codecs.ts', 'a file of the machine, in the home of a package', use('node:fs')],
  ['src/pipeline/a.ts', 'a package without a home', use('lodash')],
  ['src/pipeline/a.ts', 'a file by its place on the machine', use('/src/lease/keeper.ts')],
  ['src/ops/a.ts', 'something that runs, from where it may read types', use('../lease/keeper.ts')],
  ['src/worker.ts', 'what people see', use('./ops/metrics.ts')],
  ['src/assemble.ts', 'a command', use('./commands/run.ts')],
  ['src/stay.ts', 'the configuration', useType('./config/schema.ts')],
  ['src/lifecycle.ts', 'anything', useType('./lease/port.ts')],
  ['src/errors.ts', 'a built-in module', use('node:fs')],
  ['src/clock.ts', 'a room', use('./lease/timing.ts')],
  ['src/commands/a.ts', 'the command line', use('../main.ts')],
  ['src/commands/progress.ts', 'the command line, in the home of a package', use('../main.ts')],
  ['src/lease/machine.ts', 'time, in a machine that is pure', 'setTimeout(() => 1, 1);\n'],
  ['src/lifecycle.ts', 'chance', 'export const x = Math.random();\n'],
];

/** The same files, doing what they may: a rule that refused everything would refuse these. */
const OPEN: readonly Row[] = [
  ['src/kafka/transaction/a.ts', 'a single file of another room', use('../membership/port.ts')],
  ['src/kafka/transaction/a.ts', 'the same, the long way', use('../../kafka/membership/port.ts')],
  ['src/config/x/a.ts', 'its own room, from a folder within', use('../schema.ts')],
  ['src/config/x/a.ts', 'a neighbour in that folder', use('./b.ts')],
  ['src/config/x/a.ts', 'what the room may import', use('../../errors.ts')],
  ['src/config/x/y/a.ts', 'its own room, from two folders down', use('../../schema.ts')],
  ['src/kafka/membership/x/a.ts', 'a sibling room, from a folder within', use('../../wire/reader.ts')],
  ['src/kafka/membership/x/a.ts', 'a file above the rooms, from there', use('../../../clock.ts')],
  ['src/ops/a.ts', 'types', useType('../lease/port.ts')],
  ['src/ops/a.ts', 'what it may run', use('../lifecycle.ts')],
  ['src/kafka/records/codecs.ts', 'compression of Node', use('node:zlib')],
  ['src/kafka/records/crc32c.ts', 'loading by name', use('node:module')],
  ['src/clock.ts', 'timers', use('node:timers/promises')],
  ['src/worker.ts', 'the rooms', use('./lease/port.ts')],
  ['src/commands/a.ts', 'what people see', use('../ops/metrics.ts')],
  ['src/commands/a.ts', 'the configuration', use('../config/load.ts')],
  ['src/main.ts', 'a command', use('./commands/run.ts')],
  ['src/lease/keeper.ts', 'chance, in a shell', 'export const x = Math.random();\n'],
];

describe('no way around the rules between rooms', () => {
  it.each(SHUT)('%s: %s is refused', async (file, _, code) => {
    expect((await planter.complaints(file, code)).length).toBeGreaterThan(0);
  });

  it.each(OPEN)('control: %s: %s passes', async (file, _, code) => {
    expect(await planter.complaints(file, code)).toEqual([]);
  });
});
