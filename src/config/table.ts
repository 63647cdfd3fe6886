import { allSettings, type Setting, type SettingSchema } from './settings.ts';

const UNITS: readonly (readonly [suffix: RegExp, unit: string])[] = [
  [/Ms$/, 'ms'],
  [/[a-z]S$/, 's'],
  [/Bytes$/, 'bytes'],
  [/Bits$/, 'bits'],
];

/** Every setting as a Markdown table; README.md shows it, and a test compares. PURE. */
export function settingsTable(): string {
  const rows = allSettings().map(
    (setting) =>
      `| \`${setting.path.join('.')}\` | ${defaultOf(setting)} | ${valuesOf(setting)} | ${sentenceOf(setting)} |`,
  );
  return ['| Setting | Default | Values | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function defaultOf({ path, schema, required }: Setting): string {
  if (schema.default !== undefined) return `\`${JSON.stringify(schema.default).replaceAll('"', '')}\``;
  if (required === 'within') return `required in \`${path.slice(0, -1).join('.')}\``;
  return required === 'always' ? 'required' : '–';
}

function valuesOf({ path, schema }: Setting): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.type === 'array') return 'list';
  if (schema.type === 'string') return schema.format === undefined ? 'text' : schema.format;
  const key = path.at(-1)!;
  const unit = UNITS.find(([suffix]) => suffix.test(key))?.[1];
  return [range(schema), unit].filter((part) => part !== undefined).join(' ') || 'whole number';
}

/** Bounds the schema names; those of whole numbers as such are not worth a word. */
function range({ minimum, maximum }: SettingSchema): string | undefined {
  const least = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (least !== undefined && most !== undefined) return `${least} … ${most}`;
  return least === undefined ? undefined : `≥ ${least}`;
}

const sentenceOf = ({ schema }: Setting): string => (schema.description ?? '').replaceAll('|', '\\|');
