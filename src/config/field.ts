import { z } from 'zod';

/**
 * What settings are made of; the only import of zod. YAML, environment, `config print`, `config schema` and the table of
 * settings all come from schemas built of these. Numbers are whole unless said otherwise; units stand in the key.
 */
export { z };

export const ms = (least = 0) => z.int().min(least);
export const bytes = (least = 1) => z.int().min(least);
export const topic = z
  .string()
  .regex(/^[a-zA-Z0-9._-]{1,249}$/, 'a Kafka topic name has 1–249 characters of a-z A-Z 0-9 . _ -');
export const hostPort = z.string().regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s/]+):\d{1,5}$/, 'host:port is needed');
export const text = z.string().min(1);
export const file = z.string().min(1);
/** Never printed: `writeOnly` in the JSON Schema is what print.ts masks by. */
export const secret = (fileKey: string) =>
  text.optional().meta({ description: `Secret. Prefer ${fileKey}.`, writeOnly: true });
