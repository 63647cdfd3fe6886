import { bytes, text, topic, z } from './field.ts';

/** Keys without a default are told apart from keys left out: those of a value stamp are refused beside `in: header`. */
const stamp = z.strictObject({
  in: z
    .enum(['header', 'value'])
    .default('header')
    .describe('Where the ID goes; null values (tombstones) get the header in any case.'),
  header: text.max(63).default('snowflake_id').describe('Header that carries the ID.'),
  existing: z
    .enum(['replace', 'keep', 'reject'])
    .default('replace')
    .describe('What happens to an ID that is there already, in that header or in the field.'),
  format: z
    .enum(['json', 'avro', 'protobuf'])
    .optional()
    .describe('Format of the value; never guessed. Required with in: value.'),
  wire: z
    .enum(['none', 'confluent'])
    .optional()
    .describe('What stands before the value: nothing (none, unless said), or magic byte and schema ID.'),
  shape: z
    .enum(['flat', 'envelope'])
    .optional()
    .describe('flat (unless said): the ID is a field of the event; envelope: ID and event side by side.'),
  field: text.max(63).optional().describe('Field that carries the ID (snowflake_id unless said).'),
  fieldNumber: z
    .int()
    .min(1)
    .max(536_870_911)
    .optional()
    .describe('Protobuf: number of the field (2,047 unless said).'),
  nullable: z
    .boolean()
    .optional()
    .describe('Avro: a union with null, for a subject that holds unstamped events as well.'),
});

const mapping = z.strictObject({
  topic: topic.describe('Compacted topic of legacy ID to new ID.'),
  prefix: text
    .max(255)
    .optional()
    .describe('Stands before the legacy ID in the key, where routes share a topic.'),
  legacy: z
    .strictObject({
      from: z.enum(['header', 'key', 'field']).describe('Where the legacy ID stands.'),
      name: text
        .optional()
        .describe('Header or field that holds it, for Protobuf the number of the field; nothing for key.'),
      integers: z
        .enum(['signed', 'unsigned', 'zigzag'])
        .optional()
        .describe('Protobuf: what integers of the field are (signed unless said); the bytes do not say.'),
      format: z
        .enum(['json', 'avro', 'protobuf'])
        .optional()
        .describe('Format of the value that has the field, where the stamp does not say it (in: header).'),
      wire: z
        .enum(['none', 'confluent'])
        .optional()
        .describe('What stands before that value, where the stamp does not say it (none unless said).'),
    })
    .describe('Legacy ID of an event.'),
  missing: z
    .enum(['skip', 'deadLetter', 'stop'])
    .default('skip')
    .describe(
      'What happens to an event without one: stamped and counted, dead-lettered, or its partition stops.',
    ),
});

export const routeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _')
    .describe('Name in metrics and logs.'),
  input: topic.describe('Topic of plain events.'),
  output: topic.describe('Topic of stamped events.'),
  deadLetter: topic.optional().describe('Topic for records that cannot be stamped.'),
  onError: z
    .enum(['deadLetter', 'stop', 'header'])
    .optional()
    .describe(
      'deadLetter when a topic is named, else stop: that partition waits for you. header: the ID goes into the header alone.',
    ),
  deadLetterHeaders: z
    .enum(['snowstamp', 'connect', 'streams', 'spring'])
    .default('snowstamp')
    .describe('Whose names the headers of dead letters have.'),
  stamp: stamp.prefault({}).describe('What is added to a record.'),
  mapping: mapping.optional().describe('Topic that maps legacy IDs to new ones.'),
  compression: z
    .enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
    .default('none')
    .describe('Compression of stamped batches.'),
  inflateCapBytes: bytes(2 ** 20)
    .default(64 * 2 ** 20)
    .describe('A compressed batch may inflate to this.'),
});
