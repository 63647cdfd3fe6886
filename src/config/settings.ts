import { configJsonSchema } from './schema.ts';

/** What is used here of JSON Schema. */
export interface SettingSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly items?: SettingSchema;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly writeOnly?: boolean;
}

/** One thing that can be set: a leaf of the schema. */
export interface Setting {
  /** Keys from the top; `[]` stands for each element of a list. */
  readonly path: readonly string[];
  readonly schema: SettingSchema;
  /** `within`: only in a section that is itself left out as a rule. */
  readonly required: 'always' | 'within' | 'no';
}

const root = configJsonSchema() as SettingSchema;

/** The schema at a path of keys and list indexes. */
export const schemaAt = (path: readonly PropertyKey[]): SettingSchema | undefined =>
  path.reduce<SettingSchema | undefined>((at, key) => {
    if (typeof key === 'number') return at?.items;
    const known = at?.properties ?? {};
    return Object.hasOwn(known, String(key)) ? known[String(key)] : undefined;
  }, root);

/** Every setting, in the order of the schema. */
export const allSettings = (): Setting[] => settingsOf(root, [], false);

function settingsOf(at: SettingSchema, path: readonly string[], optional: boolean): Setting[] {
  return Object.entries(at.properties ?? {}).flatMap(([key, schema]) => {
    const required = at.required?.includes(key) ?? false;
    const beneath = optional || (!required && schema.default === undefined);
    if (schema.properties !== undefined) return settingsOf(schema, [...path, key], beneath);
    if (schema.items?.properties !== undefined)
      return settingsOf(schema.items, [...path, `${key}[]`], beneath);
    return [{ path: [...path, key], schema, required: !required ? 'no' : optional ? 'within' : 'always' }];
  });
}

/** `kafka.routes[0].input`. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );
