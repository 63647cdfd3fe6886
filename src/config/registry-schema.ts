import { file, ms, secret, text, z } from './field.ts';

export const registrySchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('http(s)://host:port of the registry, with a path if it has one.'),
  username: text.optional().describe('Basic authentication.'),
  password: secret('passwordFile'),
  passwordFile: file.optional().describe('File that holds the password.'),
  token: secret('tokenFile'),
  tokenFile: file.optional().describe('File that holds a bearer token, instead of a user name.'),
  tls: z
    .strictObject({
      caFile: file.optional().describe('PEM of the authority; the system’s when left out.'),
      certFile: file.optional().describe('PEM of the client certificate.'),
      keyFile: file.optional().describe('PEM of its key.'),
    })
    .optional()
    .describe('TLS to the registry.'),
  timeoutMs: ms(100).default(5_000).describe('Bound of one request.'),
  negativeTtlMs: ms()
    .default(30_000)
    .describe('A schema ID the registry does not know is not asked for again so long.'),
  registerMode: z
    .enum(['auto', 'deny'])
    .default('auto')
    .describe('deny: stamped schemas must be there already (snowstamp schemas register).'),
  compatibility: z
    .enum([
      'NONE',
      ...([
        'BACKWARD',
        'BACKWARD_TRANSITIVE',
        'FORWARD',
        'FORWARD_TRANSITIVE',
        'FULL',
        'FULL_TRANSITIVE',
      ] as const),
    ])
    .default('NONE')
    .describe('Level of the stamped subjects; upstream guards its own already.'),
  subjectStrategy: z
    .enum(['topic', 'topicRecord', 'record'])
    .default('topic')
    .describe('Name of a stamped subject: <output>-value, <output>-<record>, or <record>.'),
  proveEvents: z
    .int()
    .min(0)
    .default(3)
    .describe(
      'First events of each schema that are decoded both ways and compared before they count; 0: none.',
    ),
  maxSchemas: z.int().min(1).default(1_000).describe('Schemas kept in memory.'),
});
