import type { Mistake } from './mistake.ts';
import { halfPair, rule, when, type Rule } from './rule.ts';
import type { Config } from './schema.ts';

type Registry = NonNullable<Config['registry']>;

const connection = rule(['registry'], ({ registry }) => (registry === undefined ? [] : mistakesOf(registry)));

function mistakesOf({ url, tls, username, password, passwordFile, token, tokenFile }: Registry): Mistake[] {
  const bare = new URL(url);
  const hasPassword = password !== undefined || passwordFile !== undefined;
  return [
    ...when(
      bare.username + bare.password !== '',
      'registry.url',
      'holds a user name or a password',
      'use username and passwordFile',
    ),
    ...when(
      bare.search + bare.hash !== '',
      'registry.url',
      'has a query or a fragment',
      'end it with the path',
    ),
    ...when(
      (username === undefined) !== !hasPassword,
      'registry.username',
      'user name and password belong together',
      'give both or neither',
    ),
    ...when(
      username !== undefined && (token !== undefined || tokenFile !== undefined),
      'registry.token',
      'a token and a user name are two ways to say who asks',
      'keep one of them',
    ),
    ...when(
      tls !== undefined && bare.protocol === 'http:',
      'registry.tls',
      'TLS files for an http address',
      'write https://, or drop registry.tls',
    ),
    ...halfPair('registry.tls', tls),
  ];
}

const forRoutes = rule(['registry', 'routes'], ({ registry, routes }) =>
  routes.flatMap(({ stamp }, i) => [
    ...when(
      stamp.wire === 'confluent' && registry === undefined,
      `routes[${i}].stamp.wire`,
      'there is no registry to ask for schemas',
      'name registry.url',
    ),
    // The stamped schema has the name of the event's own: under RecordName both would be versions of one subject.
    ...when(
      registry?.subjectStrategy === 'record' &&
        stamp.wire === 'confluent' &&
        stamp.shape !== 'envelope' &&
        stamp.nullable !== true,
      `routes[${i}].stamp.shape`,
      'a flat stamp under subjectStrategy record lands in the subject of the plain events',
      'use envelope or nullable, or subjectStrategy topic',
    ),
  ]),
);

export const registryRules: readonly Rule[] = [connection, forRoutes];
