import type { Random } from './random.ts';

/** An Avro schema as plain JSON, with a raw number where JSON.stringify would lose digits. */
type Schema = string | Schema[] | { [name: string]: unknown };

export interface RandomAvro {
  /** As a registry might hold it: any white space, any attributes. */
  readonly text: string;
  /** A value for avsc with wrapped unions and BigInt longs. */
  value(random: Random): unknown;
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];
const NAMESPACES = [undefined, undefined, '', 'a', 'com.acme'];
const LARGEST = '@9223372036854775807@';

interface Named {
  readonly fullName: string;
  readonly schema: Schema;
  readonly namespace: string;
}

/** One record, or any schema at all, with named types used again, namespaces, logical types, attributes, and text that looks like schema. */
export function randomAvro(random: Random, anyTop = false): RandomAvro {
  const maker = new Maker(random);
  const schema = anyTop && random.chance(0.4) ? maker.schema('', 2) : maker.record('', 3);
  const text = JSON.stringify(schema, null, random.pick([0, 2, '\t'])).replaceAll(
    `"${LARGEST}"`,
    '9223372036854775807',
  );
  return { text, value: (chance) => maker.value(schema, chance) };
}

class Maker {
  readonly #random: Random;
  readonly #named: Named[] = [];
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  schema(around: string, depth: number): Schema {
    const random = this.#random;
    if (depth === 0 || random.chance(0.45)) return this.#leaf(around);
    const kind = random.pick(['record', 'record', 'array', 'map', 'union', 'enum', 'fixed']);
    if (kind === 'record') return this.record(around, depth - 1);
    if (kind === 'array') return { type: 'array', items: this.schema(around, depth - 1) };
    if (kind === 'map') return { type: 'map', values: this.schema(around, depth - 1) };
    if (kind === 'union') return this.#union(around, depth);
    if (kind === 'enum') return this.#name(around, { type: 'enum', symbols: ['A', 'B', 'C'] });
    return this.#name(around, { type: 'fixed', size: random.below(6) });
  }

  record(around: string, depth: number): Schema {
    const random = this.#random;
    const record: Schema = { type: 'record', fields: [] };
    const { namespace } = this.#define(record, around);
    const fields = random.many(5, (index) => {
      const type = this.schema(namespace, depth);
      const byDefault = type === 'long' && random.chance(0.3) ? { default: LARGEST } : {};
      return { ...this.#noise(), name: `f${index}`, type, ...byDefault, ...this.#noise() };
    });
    // Any order of members, and text that a careless search for `"fields": [` would find first.
    return this.#fill(record, { ...this.#noise(), name: record['name'], fields, ...this.#noise() });
  }

  value(schema: Schema, random: Random): unknown {
    if (typeof schema === 'string') return this.#valueOf(schema, random);
    if (Array.isArray(schema)) {
      const branch = random.pick(schema);
      if (branch === 'null') return null;
      return { [this.#branchName(branch)]: this.value(branch, random) };
    }
    const type = schema['type'] as string;
    if (type === 'record') {
      const fields = schema['fields'] as { name: string; type: Schema }[];
      return Object.fromEntries(fields.map((f) => [f.name, this.value(f.type, random)]));
    }
    if (type === 'array') return random.many(3, () => this.value(schema['items'] as Schema, random));
    if (type === 'map') {
      return Object.fromEntries(
        random.many(3, (i) => [`k${i}`, this.value(schema['values'] as Schema, random)]),
      );
    }
    if (type === 'enum') return random.pick(['A', 'B', 'C']);
    if (type === 'fixed') return random.bytes(schema['size'] as number);
    return this.#valueOf(type, random);
  }

  #valueOf(name: string, random: Random): unknown {
    if (name === 'null') return null;
    if (name === 'boolean') return random.chance(0.5);
    if (name === 'int') return random.below(2 ** 32) - 2 ** 31;
    if (name === 'long') return random.long();
    if (name === 'float') return Math.fround(random.share() * 1e6);
    if (name === 'double') return random.share() * 1e9;
    if (name === 'bytes') return random.bytes();
    if (name === 'string') return random.text();
    return this.value(this.#named.find(({ fullName }) => fullName === name)!.schema, random);
  }

  #leaf(around: string): Schema {
    const random = this.#random;
    if (this.#named.length > 0 && random.chance(0.25)) {
      // Only what is complete: an event cannot hold itself without end, and trap 2 has tests of its own.
      // Within a namespace a bare name is not the null namespace's for every reader.
      const known = this.#named.filter(
        ({ schema, namespace }) => !('open' in (schema as object)) && (around === '' || namespace !== ''),
      );
      if (known.length > 0) return random.pick(known).fullName;
    }
    const type = random.pick(PRIMITIVES);
    if (type === 'long' && random.chance(0.3)) return { type, logicalType: 'timestamp-millis' };
    return random.chance(0.2) ? { type, 'connect.name': random.text() } : type;
  }

  /** No branch stands twice; what a branch left out defined is not known. */
  #union(around: string, depth: number): Schema {
    const branches: Schema[] = ['null'];
    for (let wanted = this.#random.below(4); wanted > 0; wanted--) {
      const known = this.#named.length;
      const branch = this.schema(around, depth - 1);
      const twice = branches.some((other) => this.#branchName(other) === this.#branchName(branch));
      if (Array.isArray(branch) || twice) this.#named.length = known;
      else branches.push(branch);
    }
    return branches;
  }

  #branchName(branch: Schema): string {
    if (Array.isArray(branch)) return 'union';
    if (typeof branch === 'string') return branch;
    const named = this.#named.find(({ schema }) => schema === branch);
    return named?.fullName ?? (branch as { type: string }).type;
  }

  #name(around: string, schema: { [name: string]: unknown }): Schema {
    this.#define(schema, around);
    return this.#fill(schema, { ...this.#noise(), ...schema });
  }

  /** Makes the name known; the schema is `open` until it is filled. */
  #define(schema: { [name: string]: unknown }, around: string): Named {
    const random = this.#random;
    const simple = `${random.pick(['Order', 'Item', 'fields'])}${this.#count++}`;
    const own = random.pick(NAMESPACES);
    const dotted = own !== undefined && own !== '' && random.chance(0.4);
    const namespace = own ?? around;
    // A dotless full name inside a namespace could not be told from a near one.
    const safe = namespace === '' && around !== '' ? 'deep' : namespace;
    const fullName = safe === '' ? simple : `${safe}.${simple}`;
    schema['name'] = dotted ? fullName : simple;
    if (!dotted && safe !== around) schema['namespace'] = safe;
    schema['open'] = true;
    const named = { fullName, schema, namespace: safe };
    this.#named.push(named);
    return named;
  }

  #fill(schema: { [name: string]: unknown }, members: object): Schema {
    const all = Object.entries({ ...schema, ...members, open: undefined });
    for (const name of Object.keys(schema)) Reflect.deleteProperty(schema, name);
    while (all.length > 0) {
      const [[name, value]] = all.splice(this.#random.below(all.length), 1) as [[string, unknown]];
      if (value !== undefined) schema[name] = value;
    }
    return schema;
  }

  #noise(): object {
    const random = this.#random;
    if (random.chance(0.7)) return {};
    return random.pick([
      { doc: 'has "fields": [ and {"name":"snowflake_id"} in it' },
      { 'x-fields': { fields: [{ name: 'snowflake_id', type: 'long' }] } },
      { 'connect.version': 1, doc: random.text() },
    ]);
  }
}
