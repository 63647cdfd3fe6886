import type { Admin } from 'kafkajs';
import type { WorkerSettings } from '../../src/assemble.ts';
import { Feeder } from '../support/feeder.ts';
import { FakeRegistry } from '../support/schemas/fake-registry.ts';
import { settingsFor } from '../support/settings.ts';
import { settings as valueSettings } from '../unit/stamp/value-drive.ts';
import { lanes, type Lane } from './splice-lanes.ts';
import { measure, median, say, type Measured } from './worker-run.ts';

const PER_BATCH = 80;
/** Issue 5: a value stamp costs at most this many times the CPU of a header stamp. */
const MOST = 1.15;

export interface ValueLanesParts {
  readonly admin: Admin;
  readonly worker: string;
  readonly bootstrap: string[];
  readonly etcd: string[];
  readonly prefix: string;
  readonly partitions: number;
  readonly events: number;
  readonly rounds: number;
}

interface Topic {
  readonly lane: Lane;
  readonly input: string;
  readonly events: number;
}

/** Confluent's prefix; behind it, for Protobuf, the index of the first message. */
function prefixOf({ format }: Lane, schemaId: number): Buffer {
  const prefix = Buffer.alloc(format === 'protobuf' ? 6 : 5);
  prefix.writeInt32BE(schemaId, 1);
  return prefix;
}

/**
 * The same events of 200 B stamped in a header and in the value, in the Confluent wire format, by one worker at a time on real Kafka; the
 * two take turns. The registry is a stand-in: it is asked once a schema.
 */
export async function valueLanes(parts: ValueLanesParts): Promise<void> {
  await using registry = await FakeRegistry.start();
  say(
    `${parts.events} events of 200 B a run, ${parts.partitions} partitions, median of ${parts.rounds} runs`,
  );
  for (const lane of lanes(0)) {
    const input = `in-${lane.format}`;
    const id = registry.put(`${input}-value`, { schema: lane.schema, schemaType: lane.format.toUpperCase() });
    const topic = { lane, input, events: parts.events };
    await feed(parts, topic, prefixOf(lane, id));
    const runs: Record<'header' | 'value', Measured[]> = { header: [], value: [] };
    for (let round = 0; round < parts.rounds; round++)
      for (const where of round % 2 === 0 ? (['header', 'value'] as const) : (['value', 'header'] as const))
        runs[where].push(
          await stampedIn(where, topic, `${lane.format}-${where}-${round}`, registry.url, parts),
        );
    report(lane, runs);
    await parts.admin.deleteTopics({ topics: [input] });
  }
}

async function feed(parts: ValueLanesParts, { lane, input, events }: Topic, prefix: Buffer): Promise<void> {
  const { admin, bootstrap, partitions } = parts;
  await admin.createTopics({ topics: [{ topic: input, numPartitions: partitions }] });
  const values = lane.values.map((value) => new Uint8Array(Buffer.concat([prefix, value])));
  const feeder = new Feeder(bootstrap);
  await feeder.prepare(input);
  for (let sent = 0, turn = 0; sent < events; turn++) {
    const count = Math.min(PER_BATCH, events - sent);
    await feeder.send(input, turn % partitions, count, (i) => values[(sent + i) % values.length]!);
    sent += count;
  }
  await feeder.close();
}

async function stampedIn(
  where: 'header' | 'value',
  { lane, input, events }: Topic,
  output: string,
  registryUrl: string,
  parts: ValueLanesParts,
): Promise<Measured> {
  const { admin, partitions, worker } = parts;
  await admin.createTopics({ topics: [{ topic: output, numPartitions: partitions }] });
  const value = where === 'header' ? undefined : valueSettings({ format: lane.format, wire: 'confluent' });
  const settings = settingsFor(
    {
      ...{
        bootstrap: parts.bootstrap,
        etcd: parts.etcd,
        prefix: parts.prefix,
        groupId: output,
        name: 'bench',
      },
      routes: [
        { name: 'bench', input, output, stamp: { header: 'snowflake_id', existing: 'replace', value } },
      ],
    },
    { registry: registryUse(registryUrl) },
  );
  const measured = await measure(admin, [worker, JSON.stringify(settings)], output, input, events);
  await admin.deleteTopics({ topics: [output] });
  return measured;
}

const registryUse = (url: string): WorkerSettings['registry'] => ({
  connection: { url, auth: { kind: 'none' }, tls: undefined, timeoutMs: 5_000 },
  ...{ subjectStrategy: 'topic', registerMode: 'auto', compatibility: 'NONE', proveEvents: 100 },
  ...{ negativeTtlMs: 30_000, maxSchemas: 1_000 },
});

function report({ format }: Lane, runs: Readonly<Record<'header' | 'value', readonly Measured[]>>): void {
  const cpu = { header: cpuOf(runs.header), value: cpuOf(runs.value) };
  const medians = { header: median(cpu.header), value: median(cpu.value) };
  for (const where of ['header', 'value'] as const) {
    const perSecond = median(runs[where].map(({ eventsPerSecond }) => eventsPerSecond));
    say(
      `${format.padEnd(9)} in the ${where.padEnd(6)} ${medians[where].toFixed(2).padStart(6)} CPU s/M events   ${Math.round(perSecond / 1_000)} k/s   (runs: ${cpu[where].map((each) => each.toFixed(2)).join(' ')})`,
    );
  }
  const ratios = cpu.value.map((value, round) => value / cpu.header[round]!);
  const ratio = median(ratios);
  const verdict = ratio <= MOST ? 'reached' : 'MISSED';
  const each = ratios.map((one) => one.toFixed(2)).join(' ');
  say(`  value / header ${ratio.toFixed(2)} (rounds: ${each}), target ≤ ${MOST} ${verdict}`);
}

const cpuOf = (runs: readonly Measured[]): number[] =>
  runs.map(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion);
