import { rule, when, type Rule } from './rule.ts';

const SOON = 'this release has it in its schema only; leave it out';

/** Settings that have a meaning and nobody yet who does what they say: refused, never accepted in silence. */
const routes = rule(['routes'], (sections) =>
  sections.routes.flatMap(({ stamp }, i) =>
    when(stamp.schemaFile !== undefined, `routes[${i}].stamp.schemaFile`, 'is not served yet', SOON),
  ),
);

export const unservedRules: readonly Rule[] = [routes];
