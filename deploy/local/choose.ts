import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { versionOf } from './tools.ts';
import type { Way } from './types.ts';

/** What a local process needs: undefined where it is there, else what to install and what was found. */
export type Missing = string | undefined;

const isOnPath = (command: string): boolean =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, command)));

async function missingVersion(
  install: string,
  command: string,
  flag: string,
  pattern: RegExp,
  least: number,
): Promise<Missing> {
  if (!isOnPath(command)) return `${install} (no ${command} on the PATH)`;
  const text = (await versionOf(command, flag)) ?? '';
  const found = pattern.exec(text)?.[1];
  return Number(found) >= least
    ? undefined
    : `${install} (${command} on the PATH is ${found ?? 'of unknown version'})`;
}

export const missingJava = (): Promise<Missing> =>
  missingVersion('Java 17 or later, JDK or JRE', 'java', '-version', /version "(\d+)/, 17);

/** Go's second number: `go1.26.3`. */
export const missingGo = (): Promise<Missing> =>
  missingVersion('Go 1.26 or later', 'go', 'version', /go1\.(\d+)/, 26);

/** Its version is not asked for, which would take half a second: every Maven in use is new enough. */
export const missingMaven = (): Missing =>
  isOnPath('mvn') ? undefined : 'Maven 3.8 or later (no mvn on the PATH)';

export const missingTool = (command: string, install: string): Missing =>
  isOnPath(command) ? undefined : `${install} (no ${command} on the PATH)`;

export interface Ways<T> {
  /** For people: `kafka 4.3.1`. */
  readonly name: string;
  /** What to set to name a running one; absent where the options asked for one that only we can start. */
  readonly variable?: string;
  readonly running?: () => T | undefined;
  /** Images a container engine must have or be able to get. */
  readonly images: string;
  /** Starts it in containers; a sentence where there is no engine or no image. */
  readonly docker: () => Promise<T | string>;
  readonly needs: () => Promise<readonly Missing[]>;
  readonly local: () => Promise<T>;
}

const said = new Set<string>();

function say(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  process.stderr.write(`${line}\n`);
}

const chosen = (name: string, way: Way, how: string): void => {
  say(`${name}: ${way} (${how})`);
};

/** Thrown where none of the ways is open; the message says what to install for which. */
function nothingLeft<T>(
  { name, variable, images }: Ways<T>,
  noDocker: string,
  missing: readonly string[],
): Error {
  const lines = [
    `${name} is needed, and there is no way to run it here. Any one of these will do:`,
    ...(variable === undefined ? [] : [`  environment: set ${variable} to the address of a running one`]),
    `  docker:      install Docker 20.10 or later and start it, with ${images}; now: ${noDocker}`,
    ...(missing.length === 0 ? [] : [`  local:       install ${missing.join('; and ')}`]),
  ];
  return new Error(lines.join('\n'));
}

/**
 * The order of choice: named by the environment, containers, local processes, failure. `SNOWSTAMP_TEST_BACKENDS=docker|local`
 * leaves only that way.
 */
export async function choose<T>(ways: Ways<T>): Promise<T> {
  const forced = process.env['SNOWSTAMP_TEST_BACKENDS'];
  const running = ways.running?.();
  if (running !== undefined) {
    chosen(ways.name, 'environment', ways.variable ?? '');
    return running;
  }
  const inContainers = forced === 'local' ? 'left out by SNOWSTAMP_TEST_BACKENDS=local' : await ways.docker();
  if (typeof inContainers !== 'string') {
    chosen(ways.name, 'docker', ways.images);
    return inContainers;
  }
  if (forced === 'docker') throw nothingLeft(ways, inContainers, []);
  const missing = (await ways.needs()).filter((need) => need !== undefined);
  if (missing.length > 0) throw nothingLeft(ways, inContainers, missing);
  chosen(ways.name, 'local', `processes; docker: ${inContainers}`);
  return ways.local();
}
