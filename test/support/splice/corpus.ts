/** Random schemas with events of theirs, stamped by the product's own splice: for readers of other people to judge. */
import protobuf from 'protobufjs';
import type { ValueSettings } from '../../../src/stamp/value-settings.ts';
import { deriveAvro } from '../../../src/stamp/schema/avro.ts';
import type { Derived, Placement } from '../../../src/stamp/schema/derived.ts';
import { deriveJsonSchema } from '../../../src/stamp/schema/json-schema.ts';
import { deriveProtobuf } from '../../../src/stamp/schema/protobuf.ts';
import { settings, stampOf } from '../../unit/stamp/value-drive.ts';
import { avroType } from '../schemas/avro-types.ts';
import { randomAvro } from '../schemas/random-avro.ts';
import { randomJsonEvent, randomJsonSchema } from '../schemas/random-json.ts';
import { randomMessage, randomProto } from '../schemas/random-proto.ts';
import { Random } from '../schemas/random.ts';
import { SpliceArena } from './arena.ts';
import { FIELD, type Format } from './inputs.ts';

export interface CorpusEvent {
  readonly plain: Uint8Array;
  readonly stamped: Uint8Array;
  readonly id: bigint;
}

/** One schema, the one derived from it, and events. */
export interface CorpusCase {
  readonly format: Format;
  readonly shape: 'flat' | 'envelope';
  readonly schema: string;
  readonly stamped: string;
  /** Protobuf: where the message is in its file. */
  readonly path: readonly number[];
  readonly events: readonly CorpusEvent[];
}

const EVENTS = 40;

interface Source {
  readonly schema: string;
  readonly path: readonly number[];
  readonly derived: Derived;
  readonly event: () => Uint8Array;
}

/** Cases until they hold `count` events; everything follows from the seed. */
export function* corpus(format: Format, count: number, seed: number): Generator<CorpusCase> {
  const random = new Random(seed);
  const arenas = new Map<string, SpliceArena>();
  for (let made = 0; made < count;) {
    const shape = format !== 'protobuf' && random.chance(0.3) ? 'envelope' : 'flat';
    const how = settings({ format, shape });
    const source = sourceOf(format, how, random);
    if (source.derived.kind === 'refused') continue;
    const arena = arenas.get(shape) ?? new SpliceArena(stampOf(how));
    arenas.set(shape, arena);
    const plain = Array.from({ length: EVENTS }, source.event);
    const events = splice(arena, plain, random);
    made += events.length;
    const { schema, path, derived } = source;
    yield { format, shape, schema, stamped: derived.text, path, events };
  }
}

function splice(arena: SpliceArena, plain: readonly Uint8Array[], random: Random): CorpusEvent[] {
  const ids = plain.map(() => random.id());
  const events: CorpusEvent[] = [];
  arena.run(
    plain,
    (index) => ids[index]!,
    (index, { result, value }) => {
      if (result !== 'stamped' || value === undefined) throw new Error(`${result}: ${hex(plain[index]!)}`);
      events.push({ plain: plain[index]!, stamped: value.slice(), id: ids[index]! });
    },
  );
  return events;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function sourceOf(format: Format, { shape, fieldNumber, nullable }: ValueSettings, random: Random): Source {
  const how: Placement = { shape, field: FIELD, fieldNumber, nullable };
  if (format === 'avro') {
    const made = randomAvro(random, shape === 'envelope');
    const type = avroType(made.text);
    const event = (): Uint8Array => type.toBuffer(made.value(random));
    return { schema: made.text, path: [], derived: deriveAvro(made.text, how), event };
  }
  if (format === 'json') {
    const schema = randomJsonSchema(random);
    const event = (): Uint8Array =>
      Buffer.from(JSON.stringify(randomJsonEvent(random), null, random.below(3)));
    return { schema, path: [], derived: deriveJsonSchema(schema, how), event };
  }
  const { text, messages } = randomProto(random);
  const { path, fullName } = random.pick(messages);
  const { root } = protobuf.parse(text, { keepCase: true });
  root.resolveAll();
  const type = root.lookupType(fullName);
  const event = (): Uint8Array => type.encode(type.fromObject(randomMessage(type, random))).finish();
  return { schema: text, path, derived: deriveProtobuf(text, path, how), event };
}
