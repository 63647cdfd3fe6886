import { whyNotStamped, type SchemaText } from './derived-schema.ts';
import type { ValueRule } from './rule.ts';
import type { SchemaJudge } from './schema-steps.ts';
import type { Fetched } from './schema-texts.ts';

/** Vouches for a pair of schemas by their texts, which `texts` gives. What cannot be had is undecided. */
export const registryJudge =
  (texts: { of(schemaId: number): Promise<Fetched> }) =>
  (rule: ValueRule): SchemaJudge =>
  async ({ from, to, messagePath }) => {
    const found: SchemaText[] = [];
    for (const schemaId of [from, to]) {
      const one = await texts.of(schemaId);
      if (one.at === 'not') return { at: 'undecided', why: `schema ${schemaId}: ${one.why}` };
      found.push(one.schema);
    }
    const why = whyNotStamped(found[0]!, found[1]!, rule, messagePath);
    return why === undefined ? { at: 'proven', why: '' } : { at: 'failed', why };
  };
