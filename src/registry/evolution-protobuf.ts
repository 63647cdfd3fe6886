import type { Step } from './evolution.ts';
import { protobufMessagesOf } from './judge-protobuf.ts';

type Message = ReturnType<typeof protobufMessagesOf>[number];
type Field = Message['fieldsArray'][number];

/**
 * Numbers and types stay what they were; names too, since they are what JSON and generated code go by. Fields may come and go, but what
 * was reserved stays reserved: an event or a reader of long ago still means the field that was there.
 */
export function protobufEvolutionProblems({ older, newer, referenced }: Step): string[] {
  const after = new Map(protobufMessagesOf(newer, referenced).map((message) => [message.fullName, message]));
  return protobufMessagesOf(older, referenced).flatMap((before) => {
    const message = after.get(before.fullName);
    if (message === undefined) return [`message ${before.fullName} is gone`];
    return [
      ...before.fieldsArray.flatMap((field) => fieldProblems(field, message)),
      ...reservedProblems(before, message),
    ];
  });
}

function fieldProblems(field: Field, message: Message): string[] {
  const place = `${message.fullName}.${field.name}`;
  const same = message.fieldsById[field.id];
  const renamed = message.fields[field.name];
  if (same === undefined) return renamed === undefined ? [] : [`${place} has another number: ${renamed.id}`];
  if (same.name !== field.name) return [`${place}: its number ${field.id} is now ${same.name}`];
  return typeOf(same) === typeOf(field) && same.repeated === field.repeated && same.map === field.map
    ? []
    : [`${place} has another type: ${same.repeated ? 'repeated ' : ''}${typeOf(same)}`];
}

/** What came back, and what could come back unnoticed with the next version. */
function reservedProblems(before: Message, after: Message): string[] {
  const place = after.fullName;
  const returned = after.fieldsArray.flatMap(({ id, name }) => [
    ...(before.isReservedId(id) ? [`${place}.${name}: number ${id} is reserved`] : []),
    ...(before.isReservedName(name) ? [`${place}.${name}: the name is reserved`] : []),
  ]);
  if (returned.length > 0) return returned;
  return reservedBy(before).flatMap((kept) => {
    if (typeof kept === 'string')
      return after.isReservedName(kept) ? [] : [`${place}: the name ${kept} is no longer reserved`];
    const [first, last] = [kept[0]!, kept[1]!];
    const lost = numberLost(after, first, last);
    return lost === undefined ? [] : [`${place}: number ${lost} is no longer reserved`];
  });
}

/** Names and ranges, bounds included. Of a message without any protobufjs has no list. */
const reservedBy = (message: Message): Message['reserved'] =>
  (message as { readonly reserved?: Message['reserved'] }).reserved ?? [];

/** The first number of a range, bounds included, that nothing reserves any more. Ranges may be of half a billion numbers. */
function numberLost(after: Message, first: number, last: number): number | undefined {
  const ranges = reservedBy(after).filter((kept) => typeof kept !== 'string');
  for (let number = first; number <= last;) {
    const holding = ranges.find(([from, to]) => from! <= number && number <= to!);
    if (holding === undefined) return number;
    number = holding[1]! + 1;
  }
  return undefined;
}

/** By full name, however it was written. */
const typeOf = ({ type, resolvedType }: Field): string => resolvedType?.fullName ?? type;
