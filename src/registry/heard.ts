import type { FetchedSchema, SchemaReference } from './port.ts';

interface Body {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly SchemaReference[] | null;
  readonly ruleSet?: Readonly<Record<string, readonly { readonly type?: string }[] | null>> | null;
}

/** What the registry said while one schema was fetched: its own body, and the bodies of what it refers to. PURE. */
export class Heard {
  #schema: Body | undefined;
  readonly #versions = new Map<string, Body>();

  hear(path: string, body: unknown): void {
    if (!isBody(body)) return;
    const version = /\/subjects\/([^/]+)\/versions\/(\d+)(?:\?.*)?$/.exec(path);
    if (/\/schemas\/ids\/\d+/.test(path)) this.#schema = body;
    else if (version !== null) this.#versions.set(`${decodeURIComponent(version[1]!)} ${version[2]!}`, body);
  }

  /** Undefined as long as the schema itself was not heard. */
  schema(): FetchedSchema | undefined {
    const body = this.#schema;
    if (body === undefined) return undefined;
    const referenced: { name: string; text: string }[] = [];
    this.#collect(body.references ?? [], referenced, new Set());
    const rules = (kind: string): string[] => (body.ruleSet?.[kind] ?? []).map(({ type }) => type ?? '?');
    return {
      type: body.schemaType ?? 'AVRO',
      text: body.schema,
      references: (body.references ?? []).map(({ name, subject, version }) => ({ name, subject, version })),
      referenced,
      encodingRules: rules('encodingRules'),
      domainRules: rules('domainRules'),
    };
  }

  /** Depth first, so that nothing stands before what it refers to. */
  #collect(
    references: readonly SchemaReference[],
    into: { name: string; text: string }[],
    seen: Set<string>,
  ): void {
    for (const { name, subject, version } of references) {
      const body = this.#versions.get(`${subject} ${version}`);
      if (body === undefined || seen.has(name)) continue;
      seen.add(name);
      this.#collect(body.references ?? [], into, seen);
      into.push({ name, text: body.schema });
    }
  }
}

const isBody = (body: unknown): body is Body =>
  typeof body === 'object' && body !== null && 'schema' in body && typeof body.schema === 'string';
