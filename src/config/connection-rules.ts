import type { Mistake } from './mistake.ts';
import type { Config } from './schema.ts';
import { halfPair, rule, when, type Rule } from './rule.ts';

const portFits = (address: string): boolean => {
  const port = Number(/:(\d{1,5})$/.exec(address)?.[1]);
  return port > 0 && port <= 65_535;
};

/** An address with a user name or a password in it is never repeated: it would end in the terminal and in the log. */
function endpointMistakes(endpoint: string, path: string): Mistake[] {
  if (endpoint.includes('@'))
    return when(true, path, 'holds a user name or a password', 'use username and passwordFile');
  return when(
    !/^https?:\/\/[^/\s]+:\d{1,5}$/.test(endpoint) || !portFits(endpoint),
    path,
    `${endpoint} is no endpoint`,
    'write http://host:port or https://host:port',
  );
}

const etcd = rule(['etcd'], ({ etcd: { endpoints, tls, username, password, passwordFile } }) => {
  const secure = endpoints.filter((e) => e.startsWith('https://')).length;
  return [
    ...endpoints.flatMap((endpoint, i) => endpointMistakes(endpoint, `etcd.endpoints[${i}]`)),
    ...when(
      secure > 0 && secure < endpoints.length,
      'etcd.endpoints',
      'http and https are mixed',
      'use https for all',
    ),
    ...when(
      tls !== undefined && secure < endpoints.length,
      'etcd.tls',
      'TLS files for http endpoints',
      'write https:// endpoints, or drop etcd.tls',
    ),
    ...halfPair('etcd.tls', tls),
    ...when(
      (username === undefined) !== (password === undefined && passwordFile === undefined),
      'etcd.username',
      'user name and password belong together',
      'give both or neither',
    ),
  ];
});

const kafka = rule(['kafka'], ({ kafka: { bootstrap, tls, sasl, ...times } }) => [
  ...bootstrap.flatMap((address, i) =>
    when(!portFits(address), `kafka.bootstrap[${i}]`, 'has no port of 1 … 65535', 'write host:port'),
  ),
  ...when(
    times.transactionTimeoutMs > times.sessionTimeoutMs,
    'kafka.transactionTimeoutMs',
    `${times.transactionTimeoutMs} ms is above the session of ${times.sessionTimeoutMs} ms, so a take-over would wait for it`,
    'use at most kafka.sessionTimeoutMs',
  ),
  ...when(
    times.heartbeatMs * 3 > times.sessionTimeoutMs,
    'kafka.heartbeatMs',
    `${times.heartbeatMs} ms is more than a third of the session`,
    `use at most ${Math.floor(times.sessionTimeoutMs / 3)}`,
  ),
  ...halfPair('kafka.tls', tls),
  ...(sasl === undefined ? [] : saslMistakes(sasl)),
]);

function saslMistakes(sasl: NonNullable<Config['kafka']['sasl']>): Mistake[] {
  const { mechanism, username, password, passwordFile, tokenEndpoint, clientId } = sasl;
  const { clientSecret, clientSecretFile } = sasl;
  if (mechanism !== 'oauthbearer')
    return when(
      username === undefined || (password === undefined && passwordFile === undefined),
      'kafka.sasl',
      `${mechanism} needs a user name and a password`,
      'give username and passwordFile',
    );
  const bare = tokenEndpoint === undefined ? undefined : new URL(tokenEndpoint);
  return [
    ...when(
      bare === undefined ||
        clientId === undefined ||
        (clientSecret === undefined && clientSecretFile === undefined),
      'kafka.sasl',
      'oauthbearer needs a token endpoint, a client and its secret',
      'give tokenEndpoint, clientId and clientSecretFile',
    ),
    ...when(
      bare !== undefined && bare.username + bare.password !== '',
      'kafka.sasl.tokenEndpoint',
      'holds a user name or a password',
      'use clientId and clientSecretFile',
    ),
  ];
}

export const connectionRules: readonly Rule[] = [etcd, kafka];
