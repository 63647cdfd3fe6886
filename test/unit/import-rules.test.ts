import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path/posix';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Planter } from './import-rules.ts';

const planter = new Planter();
afterAll(() => planter[Symbol.asyncDispose]());
const complaints = (file: string, code: string): Promise<string[]> => planter.complaints(file, code);

/** Who may import whom, as src/README.md tells people. */
interface Room {
  readonly name: string;
  readonly may: readonly string[];
  readonly mayTypes: readonly string[];
  readonly pure: boolean;
}

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

const rooms: readonly Room[] = readFileSync(join(import.meta.dirname, '../../src/README.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 5 && /^(?:yes|no)$/.test(cells[3]!))
  .map(([, name, may, pure]) => {
    const [values, types = ''] = may!.split('types of');
    return { name: quoted(name!)[0]!, may: quoted(values!), mayTypes: quoted(types), pure: pure === 'yes' };
  });

const LIBRARIES = {
  kafkajs: 'src/kafka/cluster/kafkajs.ts',
  etcd3: 'src/lease/etcd.ts',
  '@grpc/grpc-js': 'src/lease/etcd.ts',
  'prom-client': 'src/ops/declaration.ts',
  fastify: 'src/ops/http.ts',
  pino: 'src/ops/log.ts',
  zod: 'src/config/field.ts',
  yaml: 'src/config/load.ts',
  commander: 'src/main.ts',
  'cli-progress': 'src/commands/progress.ts',
  '@node-rs/crc32': 'src/kafka/records/crc32c.ts',
  snappy: 'src/kafka/records/codecs.ts',
  'lz4-napi': 'src/kafka/records/codecs.ts',
};

const SINGLE = ['clock', 'errors', 'lifecycle', 'kafka/membership/port', 'pipeline/log-reader'];

/** The specifier a file would write for a file of that room, or for that file. */
const path = (from: string, target: string): string => {
  const file = SINGLE.includes(target) ? `src/${target}.ts` : `src/${target}/any.ts`;
  const way = relative(dirname(from), file);
  return way.startsWith('.') ? way : `./${way}`;
};
const use = (specifier: string): string => `import { x } from '${specifier}';\nexport const y = x;\n`;

describe('the table in src/README.md', () => {
  it('has all fifteen rooms', () => {
    expect(rooms.map(({ name }) => name)).toHaveLength(15);
  });
});

describe.each(rooms)('$name', ({ name, may, mayTypes, pure }) => {
  const file = `src/${name}/planted.ts`;
  const legal = [`./own.ts`, ...may.map((target) => path(file, target))];
  const foreign = [...rooms.map((room) => room.name), ...SINGLE].filter(
    (target) =>
      ![name, ...may, ...mayTypes].some(
        (known) => target === known || target.startsWith(`${known}/`) || known.startsWith(`${target}/`),
      ) && !(target === `${name}/port`),
  );

  it('control: what it may import passes', async () => {
    for (const specifier of legal)
      expect([specifier, await complaints(file, use(specifier))]).toEqual([specifier, []]);
    for (const target of mayTypes) {
      const code = `import type { X } from '${path(file, target)}';\nexport type Y = X;\n`;
      expect([target, await complaints(file, code)]).toEqual([target, []]);
    }
  });

  it('another room, and what stands above the rooms, is refused; so is passing it on', async () => {
    const above = ['main', 'worker', 'assemble'].map((other) => relative(dirname(file), `src/${other}.ts`));
    expect(foreign.length).toBeGreaterThan(3);
    for (const specifier of [...foreign.map((target) => path(file, target)), ...above]) {
      for (const code of [
        use(specifier),
        `export * from '${specifier}';\n`,
        `export { x } from '${specifier}';\n`,
      ])
        expect([specifier, await complaints(file, code)]).toEqual([
          specifier,
          [expect.stringContaining(`${name} may not import this`)],
        ]);
    }
  });

  it('a third-party client outside its home is refused', async () => {
    for (const library of Object.keys(LIBRARIES))
      expect([library, await complaints(file, use(library))]).toEqual([
        library,
        [expect.stringMatching(/^no-restricted-imports/)],
      ]);
  });

  it('the present is not read: neither Date.now nor a new Date without an argument', async () => {
    expect(await complaints(file, 'export const t = Date.now();\n')).toHaveLength(1);
    expect(await complaints(file, 'export const t = new Date();\n')).toHaveLength(1);
    expect(await complaints(file, 'const { now } = Date;\nexport const t = now();\n')).toHaveLength(1);
    expect(await complaints(file, 'export const t = new Date(0);\n')).toEqual([]);
  });

  it('process is not read', async () => {
    expect(await complaints(file, 'export const e = process.env;\n')).toHaveLength(1);
  });

  const IMPURE = [
    'Math.random()',
    'setTimeout(() => 1, 1)',
    'setInterval(() => 1, 1)',
    'performance.now()',
    "fetch('http://a')",
  ];
  if (pure) {
    it.each(IMPURE)('is pure: %s is refused', async (expression) => {
      expect(await complaints(file, `export const x = ${expression};\n`)).toHaveLength(1);
    });

    it('is pure: of Node only zlib and buffer', async () => {
      for (const builtin of ['node:fs', 'node:crypto', 'node:timers/promises', 'node:net'])
        expect([builtin, await complaints(file, use(builtin))]).toEqual([
          builtin,
          expect.arrayContaining([expect.stringMatching(/^no-restricted-imports/)]),
        ]);
      expect(await complaints(file, use('node:zlib'))).toEqual([]);
    });
  }
});

describe('homes of packages', () => {
  it.each(Object.entries(LIBRARIES))('%s may be imported in %s', async (library, home) => {
    expect(await complaints(home, use(library))).toEqual([]);
  });

  it('a home is still part of its room', async () => {
    expect(await complaints('src/lease/etcd.ts', use('../pipeline/port.ts'))).toHaveLength(1);
    expect(await complaints('src/config/schema.ts', use('../lease/timing.ts'))).toHaveLength(1);
    expect(await complaints('src/ops/http.ts', use('zod'))).toHaveLength(1);
  });

  it('main.ts alone reads process, clock.ts alone reads time', async () => {
    expect(await complaints('src/main.ts', 'export const e = process.env;\n')).toEqual([]);
    expect(await complaints('src/worker.ts', 'export const e = process.env;\n')).toHaveLength(1);
    expect(await complaints('src/clock.ts', 'export const t = Date.now();\n')).toEqual([]);
    expect(await complaints('src/worker.ts', 'export const t = Date.now();\n')).toHaveLength(1);
  });
});
