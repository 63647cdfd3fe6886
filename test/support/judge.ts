import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached } from '../../deploy/local/cache.ts';

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, '../judge');

/** The cached environment is verified file by file: nothing may write byte code into it later. */
const ENVIRONMENT = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' };

/** What the judge found; see judge.py. All counts are records; zero everywhere but the first lines is innocence. */
export interface Verdict extends Findings {
  /** Committed inputs, visible outputs, dead letters. */
  readonly inputs: number;
  readonly outputs: number;
  readonly deadLettered: number;
  /** Oddities seen among the inputs, by name: what the set really held. */
  readonly features: Readonly<Record<string, number>>;
  /** The first few faults, in words. */
  readonly faults: readonly string[];
}

export interface Findings {
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  /** Records that are all there, but not in input order. */
  readonly outOfOrder: number;
  /** Outputs whose stamp is missing, doubled, not last or no ID. */
  readonly badStamps: number;
  readonly duplicateIds: number;
  /** IDs not above the one before them in their partition. */
  readonly notRising: number;
  /** Offsets between last stable offset and high-water mark of any topic: transactions left open. */
  readonly open: number;
}

/** What `expect(verdict).toMatchObject(...)` wants of a faultless run over `inputs` records. */
export const innocent = (inputs: number, deadLettered = 0): Omit<Verdict, 'features'> => ({
  ...{ inputs, outputs: inputs - deadLettered, deadLettered },
  ...{
    missing: 0,
    extra: 0,
    different: 0,
    outOfOrder: 0,
    badStamps: 0,
    duplicateIds: 0,
    notRising: 0,
    open: 0,
  },
  faults: [],
});

export interface JudgedRoute {
  readonly input: string;
  readonly output: string;
  readonly deadLetter?: string | undefined;
}

/** A Python with the judges' packages. */
export async function python(): Promise<string> {
  const requirements = await readFile(join(FOLDER, 'requirements.txt'), 'utf8');
  let version: string;
  try {
    version = (await run('python3', ['-c', 'import ensurepip, sys; print(sys.version)'])).stdout;
  } catch (error) {
    throw new Error('the judge needs Python 3 with venv: apt-get install python3 python3-venv', {
      cause: error,
    });
  }
  const folder = await cached('judge-venv', [requirements, version], async (making) => {
    await run('python3', ['-m', 'venv', making], { env: ENVIRONMENT });
    const args = ['-m', 'pip', 'install', '--no-compile', '--quiet', '-r', join(FOLDER, 'requirements.txt')];
    await run(join(making, 'bin/python'), args, { env: ENVIRONMENT });
  });
  return join(folder, 'bin/python');
}

/** Runs one of the judge's programs with one JSON argument and answers the JSON it prints. */
export async function runPython(program: string, argument: object): Promise<unknown> {
  const { stdout } = await run(await python(), [join(FOLDER, program), JSON.stringify(argument)], {
    env: ENVIRONMENT,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout);
}

/** Reads everything under read_committed with librdkafka, sharing no code with the product, and compares. */
export async function judge(question: {
  readonly bootstrap: readonly string[];
  readonly routes: readonly JudgedRoute[];
}): Promise<Verdict> {
  return (await runPython('judge.py', question)) as Verdict;
}
