import { rule, when, type Rule } from './rule.ts';

const SOON = 'this release has it in its schema only; leave it out';

/** Settings that have a meaning and nobody yet who does what they say: refused, never accepted in silence. */
const routes = rule(['routes'], (sections) =>
  sections.routes.flatMap(({ stamp, mapping }, i) => {
    const unserved = {
      'stamp.schemaFile': stamp.schemaFile !== undefined,
      mapping: mapping !== undefined,
    };
    return Object.entries(unserved).flatMap(([key, here]) =>
      when(here, `routes[${i}].${key}`, 'is not served yet', SOON),
    );
  }),
);

export const unservedRules: readonly Rule[] = [routes];
