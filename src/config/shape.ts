import { configSchema, type Config } from './schema.ts';

/** One thing wrong with the shape, in the schema's own words, which never repeat a value. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Keys that are not known at `path`. */
  readonly unknownKeys: readonly string[];
}

export interface Shape {
  /** The sections without an issue, defaults filled in: rules that read these only can still be asked. */
  readonly sections: Partial<Config>;
  readonly issues: readonly Issue[];
}

/** Every type mistake at once. PURE. */
export function checkShape(value: unknown): Shape {
  const whole = configSchema.safeParse(value);
  if (whole.success) return { sections: withAbsent(whole.data), issues: [] };
  const given = value as Readonly<Record<string, unknown>>;
  const sections = Object.entries(configSchema.shape).flatMap(([name, section]) => {
    const alone = section.safeParse(given[name]);
    return alone.success ? [[name, alone.data] as const] : [];
  });
  const issues = whole.error.issues.map((issue) => ({
    path: issue.path,
    message: issue.message,
    unknownKeys: issue.code === 'unrecognized_keys' ? issue.keys : [],
  }));
  return { sections: Object.fromEntries(sections), issues };
}

/** An optional section that was left out is there as undefined: it has the right shape. */
const withAbsent = (config: Config): Config => ({ ...config, registry: config.registry });

export const isWhole = (sections: Partial<Config>): sections is Config =>
  Object.keys(configSchema.shape).every((name) => Object.hasOwn(sections, name));
