/** The reader programs of test/readers, built as their languages do it, from the shipped schemas and other people's libraries. */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cached } from '../../deploy/local/cache.ts';
import { missingGo, missingMaven, missingTool, type Missing } from '../../deploy/local/choose.ts';
import { resolveJars } from '../../deploy/local/kafka-jars.ts';
import { tool } from '../../deploy/local/tools.ts';
import { python } from './judge.ts';

const ROOT = join(import.meta.dirname, '../..');
const READERS = join(ROOT, 'test/readers');
const PROTO = join(ROOT, 'schemas/proto');
const STAMPED_PROTO = 'order.stamped.proto';

/** The one whose generated code the runtimes of pom.xml, go.mod and requirements.txt take. */
const PROTOC = '4.36.2';
const MAKERS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'osx', win32: 'windows' };
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch_64' };

export type Language = 'java' | 'python' | 'go' | 'typescript';

export const SOURCES: Readonly<Record<Language, string>> = {
  java: join(READERS, 'java/StampedReader.java'),
  python: join(READERS, 'python/stamped_reader.py'),
  go: join(READERS, 'go/main.go'),
  typescript: join(READERS, 'typescript/stamped-reader.ts'),
};

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8');
const schemaText = (): Promise<string> => textOf(join(PROTO, STAMPED_PROTO));

async function protoc(): Promise<string> {
  const classifier = `${MAKERS[process.platform] ?? process.platform}-${MACHINES[process.arch] ?? process.arch}`;
  const folder = await cached('protoc', [PROTOC, classifier], async (into) => {
    const artifact = `-Dartifact=com.google.protobuf:protoc:${PROTOC}:exe:${classifier}`;
    await tool('mvn', ['-q', '-B', 'dependency:copy', artifact, `-DoutputDirectory=${into}`]);
    await chmod(join(into, `protoc-${PROTOC}-${classifier}.exe`), 0o755);
  });
  return join(folder, `protoc-${PROTOC}-${classifier}.exe`);
}

const generate = async (...args: readonly string[]): Promise<unknown> =>
  tool(await protoc(), ['-I', PROTO, ...args, STAMPED_PROTO]);

async function java(): Promise<Program> {
  const pom = join(READERS, 'java/pom.xml');
  const jars = await resolveJars('reader-jars', pom);
  const inputs = await Promise.all([textOf(SOURCES.java), textOf(pom), schemaText()]);
  const classes = await cached('reader-java', inputs, async (into) => {
    await generate(`--java_out=${into}`);
    const sources = [join(into, 'com/acme/shop/OrderStamped.java'), SOURCES.java];
    await tool('javac', ['-cp', jars.join(delimiter), '-d', into, ...sources]);
  });
  return { command: 'java', args: ['-cp', [classes, ...jars].join(delimiter), 'StampedReader'] };
}

async function pythonReader(): Promise<Program> {
  const generated = await cached('reader-python', [PROTOC, await schemaText()], (into) =>
    generate(`--python_out=${into}`).then(() => undefined),
  );
  const env = { PYTHONPATH: generated, PYTHONDONTWRITEBYTECODE: '1' };
  return { command: await python(), args: [SOURCES.python], env };
}

async function go(): Promise<Program> {
  const files = ['main.go', 'go.mod', 'go.sum'].map((name) => join(READERS, 'go', name));
  const inputs = await Promise.all([...files.map(textOf), schemaText()]);
  const folder = await cached('reader-go', [...inputs, process.platform, process.arch], async (into) => {
    await mkdir(join(into, 'shop'));
    for (const file of files) await copyFile(file, join(into, file.slice(file.lastIndexOf('/') + 1)));
    const plugin = join(into, 'protoc-gen-go');
    const build = (...args: readonly string[]) => tool('go', ['build', ...args], { cwd: into });
    await build('-o', plugin, 'google.golang.org/protobuf/cmd/protoc-gen-go');
    const module = 'snowstamp.local/readers';
    await generate(
      ...[`--plugin=protoc-gen-go=${plugin}`, `--go_out=${into}`, `--go_opt=module=${module}`],
      `--go_opt=M${STAMPED_PROTO}=${module}/shop`,
    );
    await build('-mod=readonly', '-o', join(into, 'reader'), '.');
  });
  return { command: join(folder, 'reader'), args: [] };
}

const PROGRAMS: Readonly<Record<Language, () => Promise<Program>>> = {
  ...{ java, python: pythonReader, go },
  typescript: () => Promise.resolve({ command: process.execPath, args: [SOURCES.typescript] }),
};

/** What the readers' languages need; Python's own need is told where its environment is made. */
const NEEDS: Readonly<Record<Language, () => readonly Promise<Missing>[]>> = {
  java: () =>
    [missingTool('javac', 'Java 17 or later, JDK'), missingMaven()].map((need) => Promise.resolve(need)),
  python: () => [Promise.resolve(missingMaven())],
  go: () => [missingGo(), Promise.resolve(missingMaven())],
  typescript: () => [],
};

/** How those languages that build nothing run a text instead of a file. */
const AS_TEXT = {
  python: ['-c'],
  typescript: ['--input-type=module-typescript', '--eval'],
} as const;

/** What a reader with a fault in it prints. @throws Error when the fault's place is not in the program */
export async function readByFaulty(
  language: keyof typeof AS_TEXT,
  [place, fault]: readonly [string, string],
  lines: readonly string[],
): Promise<string[]> {
  const source = await textOf(SOURCES[language]);
  if (!source.includes(place)) throw new Error(`the reader in ${language} has no ${place}`);
  const program = await built(language);
  // Node leaves no place for the program among the arguments of a text.
  const named = language === 'typescript' ? ['faulty'] : [];
  const args = [...AS_TEXT[language], source.replace(place, () => fault), ...named];
  return ran(language, { ...program, args }, lines);
}

/** What the reader of a language prints for these lines. @throws Error what a build or the program says when it fails */
export const readBy = async (language: Language, lines: readonly string[]): Promise<string[]> =>
  ran(language, await built(language), lines);

async function built(language: Language): Promise<Program> {
  const missing = (await Promise.all(NEEDS[language]())).filter((need) => need !== undefined);
  if (missing.length > 0)
    throw new Error(`the reader in ${language} cannot be built: install ${missing.join('; and ')}`);
  return PROGRAMS[language]();
}

function ran(
  language: Language,
  { command, args, env = {} }: Program,
  lines: readonly string[],
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const all = [...args, join(ROOT, 'schemas')];
    const child = execFile(command, all, { env: { ...process.env, ...env } }, (error, out, said) => {
      if (error === null) resolve(out.trimEnd().split('\n'));
      else reject(new Error(`${language}: ${error.message}\n${said}`));
    });
    child.stdin!.end(`${lines.join('\n')}\n`);
  });
}
