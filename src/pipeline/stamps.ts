import { SnowstampError } from '../errors.ts';
import { headerPolicy, HeaderStamp } from '../stamp/header.ts';
import type { RecordStamp } from '../stamp/result.ts';
import type { SchemaBook } from '../stamp/schema-book.ts';
import { ValueStamp } from '../stamp/value.ts';
import type { Route } from './port.ts';

/** The stamps of all routes by name, each with what the route says about it. */
export const stampsOf = (
  routes: readonly Route[],
  books: ReadonlyMap<string, SchemaBook>,
): ReadonlyMap<string, RecordStamp> =>
  new Map(routes.map((route) => [route.name, stampOf(route, books.get(route.name))]));

function stampOf({ name, stamp, onError }: Route, book: SchemaBook | undefined): RecordStamp {
  const { header, existing, value } = stamp;
  const policy = headerPolicy(header, existing);
  if (value === undefined) return new HeaderStamp(policy);
  if (value.wire === 'confluent' && book === undefined)
    throw new SnowstampError('INTERNAL', `route ${name} has nobody to ask for schemas`);
  return new ValueStamp(value, policy, { book, refused: onError === 'header' ? 'header' : 'tell' });
}
