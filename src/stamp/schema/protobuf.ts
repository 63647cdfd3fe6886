import { refused, type Derived, type Placement, type Refused } from './derived.ts';
import { edited, insert } from './json-text.ts';
import { jsonNameOf, LARGEST_NUMBER, type ProtoFile, type ProtoMessage } from './proto-file.ts';
import { outlineOf } from './proto-outline.ts';

/** Which message an event is, as the Confluent wire format names it: positions among the messages, from the outermost in; [0] is the first. */
export type IndexPath = readonly number[];

/** Numbers protobuf keeps for itself. */
const OWN_NUMBERS = [19_000, 19_999] as const;

/**
 * The schema of the stamped event: the original with one field more in the message at `path`, put behind its opening brace, so that
 * nothing moves and every index stays true (formats.md §2, Protobuf). PURE; the same arguments give the same text for ever.
 */
export function deriveProtobuf(text: string, path: IndexPath, placement: Placement): Derived {
  if (placement.shape === 'envelope') {
    return refused('SCHEMA_NO_ENVELOPE', 'a Protobuf event has no envelope shape: use flat');
  }
  const file = outlineOf(text);
  if (file === undefined) return refused('SCHEMA_UNREADABLE', 'not the text of a .proto file');
  const found = messageAt(file, path);
  if (found.kind === 'refused') return found;
  const { message, name } = found;
  const trap =
    numberTrap(message, placement.fieldNumber) ?? nameTrap(message, placement.field) ?? kindTrap(message);
  if (trap !== undefined) return trap;
  const label = file.syntax === 'proto2' ? 'optional ' : '';
  const field = `\n  ${label}sfixed64 ${placement.field} = ${placement.fieldNumber};`;
  return {
    kind: 'derived',
    text: edited(text, [insert(message.bodyStart, field)]),
    name: file.package === '' ? name : `${file.package}.${name}`,
    nameIsUpstreams: true,
  };
}

interface Found {
  readonly kind: 'found';
  readonly message: ProtoMessage;
  readonly name: string;
}

function messageAt(file: ProtoFile, path: IndexPath): Found | Refused {
  let within: readonly ProtoMessage[] = file.messages;
  let hiddenAt: readonly number[] = [];
  let message: ProtoMessage | undefined;
  const names: string[] = [];
  for (const index of path) {
    // Serializers differ in whether the entry types of map fields and groups count as messages of the one around them.
    if (hiddenAt.some((position) => position <= index)) {
      return refused(
        'SCHEMA_INDEX_AMBIGUOUS',
        `index ${index} of ${names.join('.')} stands behind a map field or a group, which some serializers count`,
      );
    }
    message = within[index];
    if (message === undefined) break;
    names.push(message.name);
    ({ messages: within, hiddenAt } = message);
  }
  if (message === undefined) {
    return refused('SCHEMA_NO_SUCH_MESSAGE', `the schema has no message at index [${path.join(', ')}]`);
  }
  return { kind: 'found', message, name: names.join('.') };
}

function numberTrap(message: ProtoMessage, number: number): Refused | undefined {
  const within = (ranges: readonly (readonly [number, number])[]): boolean =>
    ranges.some(([from, to]) => from <= number && number <= to);
  const taken = message.fields.find((field) => field.number === number);
  if (taken !== undefined) {
    return refused('SCHEMA_NUMBER_TAKEN', `${message.name}.${taken.name} has the number ${number}`);
  }
  if (within(message.reservedNumbers) || within(message.extensionRanges)) {
    return refused(
      'SCHEMA_NUMBER_RESERVED',
      `${message.name} reserves the number ${number} or leaves it to extensions`,
    );
  }
  if (number < 1 || number > LARGEST_NUMBER || within([OWN_NUMBERS])) {
    return refused('SCHEMA_NUMBER_RESERVED', `${number} is no number a field may have`);
  }
  return undefined;
}

/** A reader of Protobuf's JSON takes a field by its name and by its JSON name, so neither may be another's. */
function nameTrap(message: ProtoMessage, name: string): Refused | undefined {
  if (message.names.has(name) || message.reservedNames.has(name)) {
    return refused('SCHEMA_FIELD_TAKEN', `${message.name} has or reserves the name ${name}`);
  }
  const mine = new Set([name, jsonNameOf(name)]);
  const same = message.fields.find((field) => mine.has(field.name) || mine.has(field.jsonName));
  return same === undefined
    ? undefined
    : refused('SCHEMA_FIELD_TAKEN', `${message.name}.${same.name} and ${name} have one name in JSON`);
}

function kindTrap(message: ProtoMessage): Refused | undefined {
  if (message.isMessageSet) {
    return refused(
      'SCHEMA_MESSAGE_SET',
      `${message.name} has the message set wire format, which has no fields`,
    );
  }
  return message.hasGroup
    ? refused('SCHEMA_GROUP', `${message.name} holds a group, which the framing check does not pass`)
    : undefined;
}
