import { SnowstampError } from '../errors.ts';
import type { SchemaReference } from '../registry/port.ts';
import type { IndexPath } from '../stamp/schema/protobuf.ts';
import type { Placement } from '../stamp/schema/derived.ts';
import type { SchemaType } from '../stamp/schema/derive.ts';
import type { Compatibility } from '../registry/port.ts';

/** The files of a folder of schemas, as this command reads them. */
export interface Folder {
  /** @throws Error when there is no such file */
  readonly read: (path: string) => string;
  /** Names in a folder; none where there is no such folder. */
  readonly list: (path: string) => readonly string[];
}

export interface Version {
  /** Path within the folder. */
  readonly file: string;
  readonly text: string;
}

/** One subject: its file, and what was released of it. */
export interface CatalogSubject {
  readonly subject: string;
  readonly type: SchemaType;
  readonly level: Compatibility;
  /** Of the file; it may be a version not released yet. */
  readonly current: Version;
  /** `history/<subject>/v1…`, oldest first. */
  readonly history: readonly Version[];
  readonly references: readonly SchemaReference[];
  /** The texts they lead to, from the history of their subjects; what another refers to stands before it. */
  readonly referenced: readonly { readonly name: string; readonly text: string }[];
  /** Protobuf: the message an event is. */
  readonly path: IndexPath;
  /** JSON: events to try schemas on. */
  readonly examples: readonly unknown[];
  readonly stamped: readonly StampedSubject[];
}

export interface StampedSubject {
  readonly subject: string;
  readonly level: Compatibility;
  readonly placement: Placement;
  readonly current: Version;
  readonly history: readonly Version[];
}

const TYPES = ['AVRO', 'JSON', 'PROTOBUF'] as const;
const LEVELS = [
  ...['NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE'],
  ...['FULL', 'FULL_TRANSITIVE'],
] as readonly Compatibility[];
const SHAPES = ['flat', 'envelope'] as const;

/**
 * Reads `subjects.json` and every file it names.
 * @throws SnowstampError CATALOG_INVALID naming the place in the file
 */
export function readCatalog(folder: Folder): readonly CatalogSubject[] {
  const entries = new Entry(parsed(folder, 'subjects.json'), 'subjects.json').list();
  const referencesOf = (name: string): readonly SchemaReference[] => {
    const entry = entries.find((one) => one.text('subject') === name);
    return entry === undefined ? [] : entry.field('references').list().map(referenceOf);
  };
  return entries.map((entry) => {
    const subject = entry.text('subject');
    const references = referencesOf(subject);
    return {
      ...{ subject, references },
      type: entry.oneOf('type', TYPES),
      level: entry.oneOf('level', LEVELS, 'BACKWARD'),
      current: versionAt(folder, entry.text('file')),
      history: historyOf(folder, subject),
      referenced: eachOnce(referencedBy(folder, references, referencesOf, [subject])),
      path: entry
        .field('message')
        .list()
        .map((index) => index.whole()),
      examples: entry.has('examples') ? examplesOf(folder, entry.text('examples')) : [],
      stamped: entry
        .field('stamped')
        .list()
        .map((one) => stampedOf(folder, one)),
    };
  });
}

const eachOnce = (texts: CatalogSubject['referenced']): CatalogSubject['referenced'] =>
  texts.filter(({ name }, index) => texts.findIndex((other) => other.name === name) === index);

/** Depth first; `seen` are the subjects on the way here. */
function referencedBy(
  folder: Folder,
  references: readonly SchemaReference[],
  referencesOf: (subject: string) => readonly SchemaReference[],
  seen: readonly string[],
): CatalogSubject['referenced'] {
  return references.flatMap(({ name, subject, version }) => {
    if (seen.includes(subject)) throw new SnowstampError('CATALOG_INVALID', `${subject} refers to itself`);
    const held = historyOf(folder, subject)[version - 1];
    if (held === undefined)
      throw new SnowstampError('CATALOG_INVALID', `${name}: there is no history/${subject}/v${version}`);
    return [
      ...referencedBy(folder, referencesOf(subject), referencesOf, [...seen, subject]),
      { name, text: held.text },
    ];
  });
}

function stampedOf(folder: Folder, entry: Entry): StampedSubject {
  const subject = entry.text('subject');
  return {
    subject,
    level: entry.oneOf('level', LEVELS, 'NONE'),
    placement: {
      shape: entry.oneOf('shape', SHAPES, 'flat'),
      field: entry.has('field') ? entry.text('field') : 'snowflake_id',
      nullable: entry.has('nullable') && entry.field('nullable').value === true,
      fieldNumber: entry.has('number') ? entry.field('number').whole() : 2047,
    },
    current: versionAt(folder, entry.text('file')),
    history: historyOf(folder, subject),
  };
}

const referenceOf = (entry: Entry): SchemaReference => ({
  name: entry.text('name'),
  subject: entry.text('subject'),
  version: entry.field('version').whole(),
});

function examplesOf(folder: Folder, file: string): readonly unknown[] {
  const examples = parsed(folder, file);
  return Array.isArray(examples) ? examples : [examples];
}

function historyOf(folder: Folder, subject: string): readonly Version[] {
  const numbered = folder
    .list(`history/${subject}`)
    .map((name) => ({ name, number: Number(/^v(\d+)\./.exec(name)?.[1]) }))
    .filter(({ number }) => !Number.isNaN(number));
  return numbered
    .toSorted((a, b) => a.number - b.number)
    .map(({ name }) => versionAt(folder, `history/${subject}/${name}`));
}

const versionAt = (folder: Folder, file: string): Version => ({ file, text: readOrExplain(folder, file) });

function readOrExplain(folder: Folder, file: string): string {
  try {
    return folder.read(file);
  } catch {
    throw new SnowstampError(
      'CATALOG_INVALID',
      `there is no ${file}: name the folder that holds subjects.json`,
    );
  }
}

function parsed(folder: Folder, file: string): unknown {
  try {
    return JSON.parse(readOrExplain(folder, file));
  } catch (error) {
    if (error instanceof SnowstampError) throw error;
    throw new SnowstampError('CATALOG_INVALID', `${file} is no JSON: ${(error as Error).message}`);
  }
}

/** A value of the file and where it stands, for messages. */
class Entry {
  readonly value: unknown;
  readonly #at: string;

  constructor(value: unknown, at: string) {
    this.value = value;
    this.#at = at;
  }

  has(name: string): boolean {
    return typeof this.value === 'object' && this.value !== null && name in this.value;
  }

  field(name: string): Entry {
    const value = this.has(name) ? (this.value as Record<string, unknown>)[name] : undefined;
    return new Entry(value, `${this.#at}.${name}`);
  }

  /** Nothing is an empty list. */
  list(): Entry[] {
    if (this.value === undefined) return [];
    if (!Array.isArray(this.value)) throw this.#wrong('a list');
    return this.value.map((value, index) => new Entry(value, `${this.#at}[${index}]`));
  }

  text(name: string): string {
    const { value } = this.field(name);
    if (typeof value !== 'string' || value === '') throw this.field(name).#wrong('a text');
    return value;
  }

  whole(): number {
    if (!Number.isSafeInteger(this.value)) throw this.#wrong('a whole number');
    return this.value as number;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], otherwise?: T): T {
    const { value } = this.field(name);
    const found = value === undefined ? otherwise : allowed.find((one) => one === value);
    if (found === undefined) throw this.field(name).#wrong(`one of ${allowed.join(', ')}`);
    return found;
  }

  #wrong(wanted: string): SnowstampError {
    return new SnowstampError('CATALOG_INVALID', `${this.#at} is not ${wanted}`);
  }
}
