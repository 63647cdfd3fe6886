#!/usr/bin/env node
/** The command line: one line per command; the only reader of `process`. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from './clock.ts';
import { idOf, isUuid, nodesOfText, sliceOfText, timeOf, wholeOf } from './commands/arguments.ts';
import { configCommand, loadOrExplain } from './commands/config.ts';
import { decodeCommand } from './commands/decode.ts';
import { doctorCommand } from './commands/doctor.ts';
import { DOMAIN, domainCommand, type DomainRequest } from './commands/domain.ts';
import { INIT_OPTIONS, initCommand, initOptionsOf, type InitRequest } from './commands/init.ts';
import { GET_OPTIONS, mappingGetCommand, mappingServeCommand, SERVE_OPTIONS } from './commands/mapping.ts';
import type { MappingRequest } from './commands/mapping.ts';
import type { OptionLine, Reader } from './commands/line.ts';
import { positionCommand, type PositionFlags } from './commands/position.ts';
import { redriveCommand, REDRIVE_OPTIONS, type RedriveRequest } from './commands/redrive.ts';
import { runCommand } from './commands/run.ts';
import type { Screen } from './commands/screen.ts';
import { SCHEMAS, schemasCommand, type SchemasRequest } from './commands/schemas.ts';
import { verifyCommand } from './commands/verify.ts';
import { WINDOWS, windowsCommand, type WindowsRequest } from './commands/windows.ts';
import { workersCommand } from './commands/workers.ts';
import type { Config } from './config/schema.ts';
import { CATALOGUE } from './errors.ts';
import { createLog } from './ops/log.ts';

const NEEDED_MAJOR = 24;
const readFile = (path: string): string => readFileSync(path, 'utf8');
const out = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const err = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
/** Only for who drains or watches: any other command ends at the first signal, as people expect. */
const stopSignal = (): AbortSignal => {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      stop.abort();
    });
  return stop.signal;
};
/** What nobody caught. Node would exit with 1, which reads "verify found a difference". */
process.on('uncaughtException', (error) => {
  err(`INTERNAL: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exit(CATALOGUE.INTERNAL.exit);
});
const screen: Screen = {
  isTerminal: process.stdout.isTTY,
  size: () => ({ rows: process.stdout.rows, columns: process.stdout.columns }),
  write: (text) => process.stdout.write(text),
};

/** Runs `act` on the configuration, or says everything that is wrong with it. */
async function configured(
  file: string | undefined,
  act: (config: Config) => Promise<number> | number,
): Promise<void> {
  const config = loadOrExplain(
    file ?? process.env['SNOWSTAMP_CONFIG'],
    process.env,
    readFile,
    systemClock,
    err,
  );
  process.exitCode = config === undefined ? CATALOGUE.CONFIG_INVALID.exit : await act(config);
}

/** The same for what goes without a configuration, too. */
async function configuredOrNot(
  file: string | undefined,
  act: (config: Config | undefined) => Promise<number> | number,
): Promise<void> {
  if ((file ?? process.env['SNOWSTAMP_CONFIG']) === undefined) process.exitCode = await act(undefined);
  else await configured(file, act);
}

/** An option's value, or a usage error that names the option. */
function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new InvalidArgumentError(`${what} is needed`);
  return value;
}
const whole = (text: string): number => needed(wholeOf(text), 'a whole number');
const time = (text: string): number =>
  needed(timeOf(text), 'an ISO time like 2026-01-31 or 2026-01-31T12:00:00Z');
/** What was read for the same option before, if it may be repeated. */
const listed = (before: unknown): unknown[] => (Array.isArray(before) ? before : []);
const readers: Readonly<Record<Reader, (text: string, before: unknown) => unknown>> = {
  ...{ whole, time },
  atLeastOne: (text) => needed(wholeOf(text) || undefined, 'a whole number from 1 on'),
  uuid: (text) => needed(isUuid(text) ? text : undefined, 'a UUID'),
  id: (text) => needed(idOf(text), 'an ID, decimal or hexadecimal'),
  slices: (text, before) => [
    ...listed(before),
    needed(sliceOfText(text), 'a datacenter like 3 or 3=fra1,eu-central'),
  ],
  nodes: (text, before) => [
    ...listed(before),
    ...needed(nodesOfText(text), 'a node like 7, or nodes like 0..31,'),
  ],
};
const program = new Command('snowstamp')
  .description(
    'Gives each Kafka event a 64-bit ID no other worker can give, and republishes it exactly once.',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : CATALOGUE.USAGE.exit));
const withConfig = (name: string, says: string, under: Command = program): Command =>
  under.command(name).description(says).option('-c, --config <file>', 'YAML file (or SNOWSTAMP_CONFIG)');
const withOptions = (
  ...[name, says, options, under]: [string, string, readonly OptionLine[], Command?]
): Command =>
  options.reduce(
    (command, [flags, what, reader]) =>
      reader === undefined ? command.option(flags, what) : command.option(flags, what, readers[reader]),
    withConfig(name, says, under),
  );
const around = (config: Config) => ({ config, clock: systemClock, readFile, out });

withOptions('init', 'create the ID domain in etcd, once', INIT_OPTIONS).action(
  ({ config: file, ...request }: InitRequest & { config?: string }) =>
    configured(file, (config) => initCommand(initOptionsOf(config, request), systemClock, out)),
);
const domain = program.command('domain').description('the ID domain as it stands in etcd');
for (const [verb, says, options] of DOMAIN)
  withOptions(verb, says, options, domain).action(
    ({ config: file, ...request }: DomainRequest & { config?: string }) =>
      configured(file, (config) => domainCommand(verb, { ...around(config), request })),
  );
const windows = program.command('windows').description('how far each worker ID may have been used');
for (const [verb, says, options] of WINDOWS)
  withOptions(verb, says, options, windows).action(
    ({ config: file, ...request }: WindowsRequest & { config?: string }) =>
      configured(file, (config) =>
        windowsCommand(verb, { ...around(config), request, hostName: hostname() }),
      ),
  );
withConfig('run', 'stamp events until SIGTERM').action((o: { config?: string }) =>
  configured(o.config, (config) =>
    runCommand({
      ...around(config),
      log: createLog(config.log.level, Date.now),
      ...{ hostName: hostname(), pid: process.pid, stop: stopSignal() },
    }),
  ),
);
withConfig('workers', 'who holds which worker ID, what rests, how full the pool is')
  .option('--datacenter <number>', 'another slice than the configured one', whole)
  .option('--json', 'print JSON, one line per look')
  .option('--watch [seconds]', 'look again and again until interrupted', (text) =>
    needed(
      [wholeOf(text)].find((s) => s !== undefined && s >= 1 && s <= 3_600),
      '1 to 3600 seconds',
    ),
  )
  .action((o: { config?: string; datacenter?: number; json?: boolean; watch?: number | true }) =>
    configured(o.config, (config) =>
      workersCommand({
        ...{ config, clock: systemClock, out, screen, stop: stopSignal() },
        ...{ datacenter: o.datacenter, json: o.json ?? false },
        watchMs: o.watch === undefined ? undefined : (o.watch === true ? 2 : o.watch) * 1_000,
      }),
    ),
  );
withConfig('verify', 'prove uniqueness, order, fidelity and completeness from the topics')
  .option('--route <name>', 'one route only')
  .option('--json', 'print the report as JSON')
  .action(({ config: file, route, json = false }: { config?: string; route?: string; json?: boolean }) =>
    configured(file, (config) => verifyCommand({ ...around(config), route, json, terminal: process.stderr })),
  );
withConfig('doctor', 'look at everything run stands on, change nothing; exit 0 or 1')
  .option('--json', 'print the findings as JSON')
  .action(({ config: file, json = false }: { config?: string; json?: boolean }) =>
    configured(file, (config) => doctorCommand({ ...around(config), json, hostName: hostname() })),
  );
withConfig('position', 'say where a stopped partition goes on; the fleet must be down')
  .requiredOption('--route <name>', 'route of the partition')
  .requiredOption('--partition <number>', 'partition of the input topic', whole)
  .requiredOption('--offset <number>', 'the next input offset to be stamped', whole)
  .option('--last-id <id>', 'IDs will be above this one; by default above the last one recorded')
  .option('--give-up-order', 'a last ID below the recorded one is meant')
  .option('--dry-run', 'say what it would mean, change nothing')
  .action(({ config: file, ...flags }: PositionFlags & { config?: string }) =>
    configured(file, (config) => positionCommand({ ...around(config), ...flags })),
  );
withOptions('redrive', 'take dead letters back to the topic they came from', REDRIVE_OPTIONS).action(
  ({ config: file, ...request }: RedriveRequest & { config?: string }) =>
    configured(file, (config) =>
      redriveCommand({ ...around(config), request, terminal: process.stderr, stop: stopSignal() }),
    ),
);
const mapping = program.command('mapping').description('legacy IDs and what became of them');
withOptions('get', 'the new ID of a legacy one', GET_OPTIONS, mapping)
  .argument('<legacy-id>')
  .action((legacyId: string, { config: file, ...request }: MappingRequest & { config?: string }) =>
    configured(file, (config) => mappingGetCommand({ ...around(config), request }, legacyId)),
  );
withOptions('serve', 'answer look-ups over HTTP until SIGTERM', SERVE_OPTIONS, mapping).action(
  ({ config: file, ...request }: MappingRequest & { config?: string }) =>
    configured(file, (config) => {
      const log = createLog(config.log.level, Date.now);
      return mappingServeCommand({ ...around(config), request, log, stop: stopSignal() });
    }),
);
withConfig('decode', 'take IDs apart')
  .argument('<id...>')
  .option('--json', 'one JSON object per line')
  .action((ids: string[], { config: file, json = false }: { config?: string; json?: boolean }) =>
    configuredOrNot(file, (config) => decodeCommand(ids, { config, clock: systemClock, json, out })),
  );
const schemas = program.command('schemas').description('event schemas and their stamped versions');
for (const [verb, says, options] of SCHEMAS)
  withOptions(verb, says, options, schemas)
    .argument('[folder]', 'holds subjects.json', 'schemas')
    .action((folder: string, { config: file, ...request }: SchemasRequest & { config?: string }) =>
      configuredOrNot(file, (config) => schemasCommand(verb, folder, request, { config, readFile, out })),
    );
const config = program.command('config').description('look at the configuration');
config
  .command('print')
  .option('-c, --config <file>')
  .description('what is in effect, secrets masked')
  .action((o: { config?: string }) => configured(o.config, (c) => configCommand('print', c, out)));
config
  .command('schema')
  .description('JSON Schema of the file')
  .action(() => {
    process.exitCode = configCommand('schema', undefined, out);
  });

if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR) {
  err(
    `NODE_VERSION: snowstamp runs on Node.js ${NEEDED_MAJOR} or newer, this is ${process.version}: use npm run, or install it`,
  );
  process.exitCode = CATALOGUE.NODE_VERSION.exit;
} else {
  await program.parseAsync();
}
