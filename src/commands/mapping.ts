import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE, SnowstampError } from '../errors.ts';
import { createCluster } from '../kafka/cluster/cluster.ts';
import { asKnown } from '../kafka/cluster/known-error.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import { Follower } from '../mapping/follower.ts';
import { serveDirectory } from '../mapping/http.ts';
import { lookUp } from '../mapping/look-up.ts';
import { MappingStore } from '../mapping/store.ts';
import type { Log } from '../ops/log.ts';
import { LogReader, patiently } from '../pipeline/log-reader.ts';
import type { OptionLine } from './line.ts';
import { kafkaOptionsOf, type ReadFile } from './worker-settings.ts';

/** Options of the command line, by their names there. */
export interface MappingRequest {
  /** Left out: the only route that has a mapping. */
  readonly route?: string;
  readonly json?: boolean;
  /** SQLite file; left out: in memory, read anew at each start. */
  readonly store?: string;
  readonly host?: string;
  readonly port?: number;
}

export interface MappingParts {
  readonly config: Config;
  readonly request: MappingRequest;
  readonly clock: Clock;
  readonly readFile: ReadFile;
  readonly out: (line: string) => void;
}

const PORT = 9_465;
const ROUTE: OptionLine = ['--route <name>', 'whose mapping, when there are several'];

export const GET_OPTIONS: readonly OptionLine[] = [ROUTE, ['--json', 'print a JSON object']];

export const SERVE_OPTIONS: readonly OptionLine[] = [
  ROUTE,
  ['--store <file>', 'SQLite file that outlives a restart; else in memory'],
  ['--host <address>', 'address to listen on (127.0.0.1)'],
  ['--port <number>', `port to listen on (${PORT}); 0 takes a free one`, 'whole'],
];

type Mapping = NonNullable<Config['routes'][number]['mapping']>;

/** The mapping of the route that is meant. @throws SnowstampError USAGE */
export function mappingOf({ routes }: Config, route: string | undefined): Mapping {
  const found = routes.flatMap(({ name, mapping }) =>
    mapping !== undefined && (route === undefined || name === route) ? [{ name, mapping }] : [],
  );
  if (found.length === 1) return found[0]!.mapping;
  throw new SnowstampError(
    'USAGE',
    found.length === 0
      ? `no route${route === undefined ? '' : ` named ${route}`} has a mapping`
      : `say with --route whose mapping is meant: ${found.map(({ name }) => name).join(', ')}`,
  );
}

/** `snowstamp mapping get`: the new ID of a legacy one, read from the topic. Returns the exit code. */
export async function mappingGetCommand(parts: MappingParts, legacyId: string): Promise<number> {
  const { request, clock, out } = parts;
  return connected(parts, async (cluster, { topic, prefix = '' }) => {
    const log = new LogReader(cluster, parts.config.kafka.requestTimeoutMs);
    const id = await patiently(clock, () => lookUp(cluster, log, topic, prefix + legacyId));
    if (id === undefined)
      throw new SnowstampError('MAPPING_MISSING', `${topic} has none for ${JSON.stringify(legacyId)}`);
    out(request.json === true ? JSON.stringify({ legacyId, snowflakeId: String(id) }) : String(id));
  });
}

/** `snowstamp mapping serve`: look-ups over HTTP until `stop` aborts. Returns the exit code. */
export async function mappingServeCommand(
  parts: MappingParts & { readonly log: Log; readonly stop: AbortSignal },
): Promise<number> {
  const { clock, config, log, stop } = parts;
  const { store: file = ':memory:', host = '127.0.0.1', port = PORT } = parts.request;
  return connected(parts, async (cluster, { topic, prefix = '' }) => {
    const store = new MappingStore(file, topic);
    try {
      const reader = new LogReader(cluster, config.kafka.requestTimeoutMs);
      const follower = new Follower({ cluster, clock, log: reader, topic, store });
      const directory = {
        find: (legacyId: string) => store.find(prefix + legacyId),
        standing: () => follower.standing,
        size: () => store.size,
      };
      await using server = await serveDirectory(directory, { host, port });
      log.write('info', 'listening', { port: server.port, topic, store: file });
      await follower.run(stop);
    } finally {
      store.close();
    }
  });
}

async function connected(
  { config, request, clock, readFile, out }: MappingParts,
  act: (cluster: Cluster, mapping: Mapping) => Promise<void>,
): Promise<number> {
  const cluster = createCluster({ ...kafkaOptionsOf(config, readFile), clock, log: () => undefined });
  try {
    const mapping = mappingOf(config, request.route);
    cluster.watch([mapping.topic]);
    await cluster.refresh();
    if (cluster.topic(mapping.topic)?.error !== 0)
      throw new SnowstampError('TOPIC_MISSING', `topic ${mapping.topic} does not exist`);
    await act(cluster, mapping);
    return 0;
  } catch (error) {
    const known = asKnown(error);
    out(known.message);
    return CATALOGUE[known.code].exit;
  } finally {
    await cluster.close();
  }
}
