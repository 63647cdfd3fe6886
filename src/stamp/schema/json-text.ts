/** A JSON text with the place of everything in it, so that text can be inserted without touching the rest. PURE. */
export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonLiteral;

/** `start` … `end` of the node in its text. */
interface Place {
  readonly start: number;
  readonly end: number;
}
export interface JsonObject extends Place {
  readonly kind: 'object';
  /** By name with escapes resolved, in the order of the text. */
  readonly members: ReadonlyMap<string, JsonNode>;
}
export interface JsonArray extends Place {
  readonly kind: 'array';
  readonly items: readonly JsonNode[];
}
export interface JsonString extends Place {
  readonly kind: 'string';
  /** Escapes resolved. */
  readonly value: string;
}
export interface JsonNumber extends Place {
  readonly kind: 'number';
}
export interface JsonLiteral extends Place {
  readonly kind: 'literal';
  readonly value: boolean | null;
}

/** Deeper texts are not schemas people write, and would overflow the stack of whoever reads them. */
export const DEEPEST = 200;

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;

/** The whole text as one node, or what is wrong with it. Members that stand twice are refused: readers differ about which of them counts. */
export function readJson(text: string): JsonNode | { readonly kind: 'wrong'; readonly why: string } {
  const reader = new Reader(text);
  const node = reader.value(0);
  reader.space();
  if (node === null) return { kind: 'wrong', why: reader.why };
  return reader.at === text.length ? node : { kind: 'wrong', why: `text goes on at ${reader.at}` };
}

class Reader {
  at = 0;
  why = '';
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  space(): void {
    this.#match(SPACE);
  }

  value(depth: number): JsonNode | null {
    this.space();
    const start = this.at;
    const first = this.#text[start];
    if (depth > DEEPEST) return this.#wrong('is nested too deep');
    if (first === '{') return this.#object(start, depth);
    if (first === '[') return this.#array(start, depth);
    if (first === '"') return this.#string();
    const literal = this.#match(LITERAL);
    if (literal !== undefined) {
      return { kind: 'literal', start, end: this.at, value: literal === 'null' ? null : literal === 'true' };
    }
    return this.#match(NUMBER) === undefined
      ? this.#wrong('is no JSON value')
      : { kind: 'number', start, end: this.at };
  }

  #object(start: number, depth: number): JsonObject | null {
    const members = new Map<string, JsonNode>();
    this.at++;
    if (!this.#next('}')) {
      do {
        this.space();
        const name = this.#string();
        if (name === null) return null;
        if (members.has(name.value)) return this.#wrong(`stands a second ${JSON.stringify(name.value)}`);
        if (!this.#next(':')) return this.#wrong('a colon is missing');
        const value = this.value(depth + 1);
        if (value === null) return null;
        members.set(name.value, value);
      } while (this.#next(','));
      if (!this.#next('}')) return this.#wrong('an object does not end');
    }
    return { kind: 'object', start, end: this.at, members };
  }

  #array(start: number, depth: number): JsonArray | null {
    const items: JsonNode[] = [];
    this.at++;
    if (!this.#next(']')) {
      do {
        const value = this.value(depth + 1);
        if (value === null) return null;
        items.push(value);
      } while (this.#next(','));
      if (!this.#next(']')) return this.#wrong('an array does not end');
    }
    return { kind: 'array', start, end: this.at, items };
  }

  #string(): JsonString | null {
    const start = this.at;
    const raw = this.#match(STRING);
    if (raw === undefined) return this.#wrong('is no string');
    return { kind: 'string', start, end: this.at, value: JSON.parse(raw) as string };
  }

  /** Takes `mark` if it is what comes next. */
  #next(mark: string): boolean {
    this.space();
    if (this.#text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  #wrong(what: string): null {
    if (this.why === '') this.why = `at ${this.at} ${what}`;
    return null;
  }
}

/** Text put in the place of `at` … `until`; an insertion where both are the same. */
export interface Edit {
  readonly at: number;
  readonly until: number;
  readonly text: string;
}
export const insert = (at: number, text: string): Edit => ({ at, until: at, text });

/** Applies edits that do not overlap; at one place in the order given. */
export function edited(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let copied = 0;
  for (const edit of edits.toSorted((a, b) => a.at - b.at)) {
    parts.push(text.slice(copied, edit.at), edit.text);
    copied = edit.until;
  }
  return parts.join('') + text.slice(copied);
}
