import tseslint from 'typescript-eslint';

/**
 * Import rules between rooms, enforced with ESLint's own rules (no plugin that can fail open).
 * A room's files may import from their own folder, from `allowed`, and types from `types`. Arrows and reasons:
 * src/README.md. test/unit/import-rules.test.ts plants violations in every room.
 */
const rooms = {
  snowflake: { allowed: [], pure: true },
  'kafka/wire': { allowed: [], pure: true },
  'kafka/records': { allowed: [], pure: true },
  'kafka/cluster': { allowed: ['kafka/wire', 'clock', 'errors'] },
  'kafka/membership': { allowed: ['kafka/wire', 'kafka/cluster', 'clock', 'errors'] },
  'kafka/transaction': {
    allowed: ['kafka/membership/port', 'kafka/wire', 'kafka/records', 'kafka/cluster', 'clock', 'errors'],
  },
  lease: { allowed: ['snowflake', 'clock', 'errors'] },
  stamp: { allowed: ['snowflake', 'kafka/records'], pure: true },
  pipeline: {
    allowed: [
      ...['snowflake', 'stamp', 'kafka/wire', 'kafka/records', 'kafka/cluster'],
      ...['kafka/membership', 'kafka/transaction', 'clock', 'errors'],
    ],
  },
  registry: { allowed: ['stamp', 'clock', 'errors'] },
  redrive: {
    allowed: [
      ...['stamp', 'pipeline/log-reader', 'kafka/wire', 'kafka/records', 'kafka/cluster'],
      ...['kafka/membership', 'kafka/transaction', 'clock', 'errors'],
    ],
  },
  mapping: {
    allowed: ['pipeline/log-reader', 'kafka/wire', 'kafka/records', 'kafka/cluster', 'clock', 'errors'],
  },
  audit: { allowed: ['snowflake', 'kafka/wire', 'kafka/cluster', 'clock', 'errors'] },
  ops: {
    allowed: ['snowflake', 'clock', 'errors', 'lifecycle'],
    types: ['lease', 'pipeline', 'registry', 'kafka/membership', 'kafka/transaction'],
  },
  config: { allowed: ['snowflake', 'errors'], pure: true },
};

/** What stands above the rooms, by what it may not import. Only commands and main.ts know ops, config and each other. */
const files = {
  'src/errors.ts': { never: '\\.', pure: true },
  'src/lifecycle.ts': { never: '\\.', pure: true },
  'src/clock.ts': { never: '\\.' },
  'src/!(main|errors|lifecycle|clock).ts': { never: '\\./(?:ops|config|commands)/|\\./main\\.ts$' },
  'src/commands/**/*.ts': { never: '(?:\\.\\./)+main\\.ts$' },
};

/** Files of other rooms that are pure as well. */
const pureFiles = [
  'src/lease/{acquire,asks,clock-guard,deadline,domain,hold,hold-ask,hold-proof,machine,marzullo,options,peers,pool,protocol,release,state,timing,values}.ts',
  'src/kafka/membership/{assignor,claims,leader,loads,machine,moves,protocol,state,tokens,verdict}.ts',
  'src/kafka/transaction/{classify,ending,initialise,machine,offsets,route,sequences,settle,states,working}.ts',
  'src/pipeline/{admission,carried,lag,owned,settlement}.ts',
  'src/ops/health.ts',
  'src/redrive/{ledger,selection}.ts',
  'src/mapping/entry.ts',
];

/** Third-party packages, each importable in exactly one file; no other package is importable at all. */
const homes = {
  kafkajs: 'src/kafka/cluster/kafkajs.ts',
  etcd3: 'src/lease/etcd.ts',
  '@grpc/grpc-js': 'src/lease/etcd.ts',
  'prom-client': 'src/ops/declaration.ts',
  fastify: 'src/ops/http.ts',
  pino: 'src/ops/log.ts',
  zod: 'src/config/field.ts',
  yaml: 'src/config/load.ts',
  commander: 'src/main.ts',
  'cli-progress': 'src/commands/progress.ts',
  '@node-rs/crc32': 'src/kafka/records/crc32c.ts',
  '@kafkajs/confluent-schema-registry': 'src/registry/confluent.ts',
  avsc: 'src/registry/avro-types.ts',
  ajv: 'src/registry/judge-json.ts',
  protobufjs: 'src/registry/judge-protobuf.ts',
  snappy: 'src/kafka/records/codecs.ts',
  'lz4-napi': 'src/kafka/records/codecs.ts',
};

/** Built-in modules that are doors out of the rules: time, the process, loading by name. */
const builtins = {
  'node:timers': 'src/clock.ts',
  'node:perf_hooks': 'src/clock.ts',
  'node:process': 'src/main.ts',
  'node:module': 'src/kafka/records/crc32c.ts',
  'node:sqlite': 'src/mapping/store.ts',
};

const homeFiles = [...new Set([...Object.values(homes), ...Object.values(builtins)])];
const escape = (text) => text.replace(/[/.]/g, (c) => `\\${c}`);
const DEEPEST = 2;

/** `'../wire/'`, `'../../kafka/wire/'`: every way a file `below` folders beneath its room writes a target. */
function targetsOf(room, names, below) {
  const family = room.includes('/') ? `${room.split('/')[0]}/` : undefined;
  const toSrc = '\\.\\./'.repeat(room.split('/').length + below);
  return names.flatMap((name) => {
    const end = '(?:/|\\.ts$)';
    const near = family !== undefined && name.startsWith(family) ? [name.slice(family.length)] : [];
    return [
      `${toSrc}${escape(name)}${end}`,
      ...near.map((rest) => `${'\\.\\./'.repeat(1 + below)}${escape(rest)}${end}`),
    ];
  });
}

/** A path that goes up again after it went down could end anywhere. */
const winding = { regex: '^\\./\\.\\.(?:/|$)|[^.]/\\.\\.(?:/|$)', message: 'write the shortest path' };

function betweenRooms(room, { allowed, types = [] }, below) {
  const inside = ['\\./', ...(below === 0 ? [] : [`(?:\\.\\./){1,${below}}(?!\\.\\./)`])];
  const may = [...inside, ...targetsOf(room, allowed, below)].join('|');
  const mayTypes = targetsOf(room, types, below).join('|');
  const message = `${room} may not import this: see src/README.md`;
  if (types.length === 0) return [winding, { regex: `^(?!${may})\\.`, message }];
  return [
    winding,
    { regex: `^(?!${may}|${mayTypes})\\.`, message },
    {
      regex: `^(?:${mayTypes})`,
      message: `${room} may import types from here, nothing that runs`,
      allowTypeImports: true,
    },
  ];
}

/** Default deny: a new dependency gets its one home before its first import. */
function packages(file) {
  const mine = Object.keys(homes).filter((name) => homes[name] === file);
  const own = mine.map((name) => `${escape(name)}(?:/|$)`);
  const shut = Object.keys(builtins).filter((name) => builtins[name] !== file);
  return [
    {
      regex: `^(?!${['\\.{1,2}/', 'node:', ...own].join('|')})`,
      message: 'a package is imported in its home only: eslint.config.mjs',
    },
    {
      regex: `^(?:${shut.map(escape).join('|')})(?:/|$)`,
      message: 'this module is for one file only: eslint.config.mjs',
    },
  ];
}

const PURE_BUILTINS = ['zlib', 'buffer', ...Object.keys(builtins).map((name) => name.slice('node:'.length))];
const noBuiltins = { regex: `^node:(?!(?:${PURE_BUILTINS.join('|')})(?:/|$))`, message: 'this room is pure' };

const globals = (names) => ['error', { globals: names, checkGlobalObject: true }];
const clockOnly = [{ object: 'Date', property: 'now', message: 'time comes from clock.ts' }];
const purity = {
  'no-restricted-globals': globals([
    ...['process', 'console', 'performance', 'fetch', 'crypto', 'WebSocket', 'EventSource'],
    ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
  ]),
  'no-restricted-properties': [
    'error',
    ...clockOnly,
    { object: 'Math', property: 'random', message: 'randomness is an argument here' },
    { object: 'AbortSignal', property: 'timeout', message: 'time is an argument here' },
  ],
};

const doors = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'time comes from clock.ts' },
  { selector: 'CallExpression[callee.name="Date"]', message: 'time comes from clock.ts' },
  {
    selector: 'ImportExpression',
    message: 'imports stand at the top, where the rules between rooms see them',
  },
  { selector: 'TSImportType', message: 'imports stand at the top, where the rules between rooms see them' },
];

const imports = (patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

/** Every room, each depth of folders beneath it, and again for each file that is the home of a package. */
const roomConfigs = Object.entries(rooms).flatMap(([room, rules]) =>
  Array.from({ length: DEEPEST + 1 }, (_, below) => {
    const between = [...betweenRooms(room, rules, below), ...(rules.pure ? [noBuiltins] : [])];
    const folder = `src/${room}${'/*'.repeat(below)}`;
    const isHere = (file) =>
      file.slice(0, file.lastIndexOf('/')).split('/').length === folder.split('/').length;
    const special = homeFiles.filter((file) => file.startsWith(`src/${room}/`) && isHere(file));
    return [
      {
        files: [`${folder}/*.ts`],
        rules: { ...imports([...between, ...packages(undefined)]), ...(rules.pure ? purity : {}) },
      },
      ...special.map((file) => ({ files: [file], rules: imports([...between, ...packages(file)]) })),
    ];
  }).flat(),
);

/** Homes that stand above the rooms. */
const fileConfigs = Object.entries(files).flatMap(([pattern, { never, pure = false }]) => {
  const above = [winding, { regex: `^(?:${never})`, message: 'may not import this: see src/README.md' }];
  const prefix = pattern.split(/[*!]/)[0];
  const special = homeFiles.filter(
    (file) => file === pattern || (prefix !== 'src/' && prefix !== pattern && file.startsWith(prefix)),
  );
  return [
    {
      files: [pattern],
      rules: {
        ...imports([...above, ...packages(undefined), ...(pure ? [noBuiltins] : [])]),
        ...(pure ? purity : {}),
      },
    },
    ...special.map((file) => ({ files: [file], rules: imports([...above, ...packages(file)]) })),
  ];
});

export default tseslint.config(
  { ignores: ['node_modules', 'dist', '.cache', 'coverage'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 70 }],
      ...imports([winding, ...packages(undefined)]),
      'no-restricted-syntax': ['error', ...doors],
      'no-restricted-globals': globals(['process', 'performance']),
      'no-restricted-properties': ['error', ...clockOnly],
    },
  },
  ...roomConfigs,
  ...fileConfigs,
  { files: pureFiles, rules: purity },
  { files: ['src/main.ts'], rules: imports([winding, ...packages('src/main.ts')]) },
  {
    files: ['src/main.ts', 'src/clock.ts'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' },
  },
  {
    files: ['test/**/*.ts', 'deploy/**/*.ts'],
    rules: { 'no-console': 'off', 'max-lines': ['error', { max: 250 }] },
  },
  { files: ['*.mjs'], ...tseslint.configs.disableTypeChecked },
);
