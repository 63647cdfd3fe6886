import { SnowstampError } from '../errors.ts';
import { RecordCursor } from '../kafka/records/cursor.ts';
import { headerPolicy, HeaderStamp } from '../stamp/header.ts';
import type { RecordStamp } from '../stamp/result.ts';
import type { SchemaBook } from '../stamp/schema-book.ts';
import { ValueStamp } from '../stamp/value.ts';
import type { MappingWriter } from './mappings.ts';
import type { MappingSettings, Route } from './port.ts';

/** One route's stamp, a cursor that looks for its header while it checks a record, and what maps its legacy IDs. */
export interface Way {
  readonly stamp: RecordStamp;
  readonly cursor: RecordCursor;
  readonly mapping: MappingWriter | undefined;
}

/** What each route stamps with, by its name. `mapper` makes the mapping of a route that has one. */
export const waysOf = (
  routes: readonly Route[],
  books: ReadonlyMap<string, SchemaBook>,
  mapper: (mapping: MappingSettings, book: SchemaBook | undefined) => MappingWriter,
): ReadonlyMap<string, Way> =>
  new Map(
    routes.map((route) => {
      const book = books.get(route.name);
      const stamp = stampOf(route, book);
      const mapping = route.mapping === undefined ? undefined : mapper(route.mapping, book);
      return [route.name, { stamp, cursor: new RecordCursor(stamp.watch), mapping }];
    }),
  );

function stampOf({ name, stamp, onError }: Route, book: SchemaBook | undefined): RecordStamp {
  const { header, existing, value } = stamp;
  const policy = headerPolicy(header, existing);
  if (value === undefined) return new HeaderStamp(policy);
  if (value.wire === 'confluent' && book === undefined)
    throw new SnowstampError('INTERNAL', `route ${name} has nobody to ask for schemas`);
  return new ValueStamp(value, policy, { book, refused: onError === 'header' ? 'header' : 'tell' });
}
