import type { Folder } from '../../../src/commands/schema-catalog.ts';

/** A folder of schemas in memory, by path. */
export class MemoryFolder implements Folder {
  readonly files: Record<string, string>;
  constructor(files: Record<string, string>) {
    this.files = files;
  }
  read = (path: string): string => {
    const text = this.files[path];
    if (text === undefined) throw new Error(`ENOENT ${path}`);
    return text;
  };
  list = (path: string): string[] =>
    Object.keys(this.files)
      .filter((file) => file.startsWith(`${path}/`))
      .map((file) => file.slice(path.length + 1));
}

const record = (...fields: string[]): string => `{"type":"record","name":"A","fields":[${fields.join(',')}]}`;
export const field = (name: string, type = '"string"', more = ''): string =>
  `{"name":"${name}","type":${type}${more}}`;
export const stampedRecord = (...fields: string[]): string =>
  record(field('snowflake_id', '"long"'), ...fields);

/** One Avro subject with two versions and their stamped ones, all in order. */
export function avroFolder(
  change: Record<string, string | undefined> = {},
  level = 'BACKWARD',
): MemoryFolder {
  const first = [field('a')];
  const second = [field('a'), field('b', '["null","int"]', ',"default":null')];
  const files: Record<string, string | undefined> = {
    'subjects.json': JSON.stringify([
      {
        subject: 's',
        type: 'AVRO',
        file: 'a.avsc',
        level,
        stamped: [{ subject: 't', file: 'a.stamped.avsc', shape: 'flat' }],
      },
    ]),
    'a.avsc': record(...second),
    'a.stamped.avsc': stampedRecord(...second),
    'history/s/v1.avsc': record(...first),
    'history/s/v2.avsc': record(...second),
    'history/t/v1.avsc': stampedRecord(...first),
    'history/t/v2.avsc': stampedRecord(...second),
    ...change,
  };
  return new MemoryFolder(
    Object.fromEntries(
      Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  );
}
export { record };
