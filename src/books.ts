import type { Clock } from './clock.ts';
import type { Route } from './pipeline/port.ts';
import { RegistryBook, type RegistryFact } from './registry/book.ts';
import { ConfluentRegistry } from './registry/confluent.ts';
import type { RegistrySettings } from './registry/port.ts';
import type { BookSettings } from './registry/resolution.ts';

/** The registry, and how it is used by every route that has one. */
export type RegistryUse = Pick<
  BookSettings,
  'subjectStrategy' | 'registerMode' | 'compatibility' | 'proveEvents' | 'negativeTtlMs' | 'maxSchemas'
> & { readonly connection: RegistrySettings };

const TYPES = { avro: 'AVRO', json: 'JSON', protobuf: 'PROTOBUF' } as const;

/** One book of schemas for each route whose values name their schema, all on one registry; and how to close them. */
export function booksOf(
  routes: readonly Route[],
  registry: RegistryUse | undefined,
  surroundings: { readonly clock: Clock; readonly observe: (fact: RegistryFact) => void },
): { readonly books: ReadonlyMap<string, RegistryBook>; readonly close: () => void } {
  const books = new Map<string, RegistryBook>();
  if (registry === undefined) return { books, close: () => undefined };
  const { connection, ...use } = registry;
  const client = new ConfluentRegistry(connection);
  for (const { name, output, stamp, mapping } of routes) {
    if (stamp.value?.wire !== 'confluent') continue;
    const { format, shape, field, fieldNumber, nullable } = stamp.value;
    const settings: BookSettings = {
      ...use,
      ...{ route: name, output, type: TYPES[format], timeoutMs: connection.timeoutMs },
      placement: { shape, field, fieldNumber, nullable },
      legacyField: format === 'avro' && mapping?.legacy.from === 'field' ? mapping.legacy.name : undefined,
    };
    books.set(name, new RegistryBook(client, settings, surroundings));
  }
  return {
    books,
    close: () => {
      for (const book of books.values()) book.close();
      client.close();
    },
  };
}
