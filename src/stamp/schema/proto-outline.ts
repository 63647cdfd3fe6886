import { jsonNameOf, LARGEST_NUMBER, type ProtoFile, type ProtoMessage } from './proto-file.ts';
import { tokensOf, type Token } from './proto-tokens.ts';

/** The outline of a .proto text; undefined for what cannot be read as one. */
export function outlineOf(text: string): ProtoFile | undefined {
  const tokens = tokensOf(text);
  return tokens === undefined ? undefined : new Reader(tokens).file();
}

/** Anything that is not as expected ends the reading: a schema half understood is not touched. */
class Reader {
  #at = 0;
  readonly #tokens: readonly Token[];
  #broken = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  file(): ProtoFile | undefined {
    let syntax: ProtoFile['syntax'] = 'proto2';
    let packageName = '';
    const messages: ProtoMessage[] = [];
    while (this.#at < this.#tokens.length && !this.#broken) {
      const word = this.#take().text;
      if (word === 'message') messages.push(this.#message());
      else if (word === 'package') packageName = this.#take().text;
      else if (word === 'syntax' || word === 'edition') {
        const said = this.#tokens[this.#at + 1]?.text;
        syntax = word === 'edition' ? 'editions' : said === 'proto3' ? 'proto3' : 'proto2';
      }
      if (word !== 'message' && word !== ';') this.#rest();
    }
    return this.#broken ? undefined : { syntax, package: packageName, messages };
  }

  #message(): ProtoMessage {
    const name = this.#take().text;
    const brace = this.#take();
    if (brace.text !== '{') this.#broken = true;
    const message: ProtoMessage = {
      name,
      bodyStart: brace.end,
      fields: [],
      names: new Set(),
      reservedNumbers: [],
      reservedNames: new Set(),
      extensionRanges: [],
      messages: [],
      hiddenAt: [],
      hasGroup: false,
      isMessageSet: false,
    };
    this.#body(message);
    return message;
  }

  /** Statements up to the closing brace of the message. */
  #body(message: ProtoMessage): void {
    while (!this.#broken && this.#peek() !== '}') this.#statement(message);
    this.#take();
  }

  #statement(message: ProtoMessage): void {
    const word = this.#peek();
    if (word === ';') this.#take();
    else if (word === 'message') {
      this.#take();
      const inner = this.#message();
      message.messages.push(inner);
      message.names.add(inner.name);
    } else if (word === 'enum') this.#enum(message);
    else if (word === 'oneof') this.#oneof(message);
    else if (word === 'extend') this.#extend(message);
    else if (word === 'reserved') this.#reserved(message);
    else if (word === 'extensions') this.#extensions(message);
    else if (word === 'option') this.#option(message);
    else this.#field(message);
  }

  /** An enum's values are names of the message around it (C++ scoping). */
  #enum(message: ProtoMessage): void {
    this.#take();
    message.names.add(this.#take().text);
    this.#take();
    while (!this.#broken && this.#peek() !== '}') {
      const word = this.#take();
      if (word.kind === 'word' && this.#peek() === '=') message.names.add(word.text);
      if (word.text !== ';') this.#rest();
    }
    this.#take();
  }

  #oneof(message: ProtoMessage): void {
    this.#take();
    message.names.add(this.#take().text);
    this.#take();
    while (!this.#broken && this.#peek() !== '}') {
      if (this.#peek() === 'option' || this.#peek() === ';') this.#rest();
      else this.#field(message);
    }
    this.#take();
  }

  /** Extensions of another message: their names stand here, their numbers there. */
  #extend(message: ProtoMessage): void {
    this.#take();
    this.#take();
    this.#take();
    const others: ProtoMessage = { ...message, fields: [] };
    while (!this.#broken && this.#peek() !== '}') this.#statement(others);
    this.#take();
  }

  /** `label? type name = number [options];`, `map<k, v> name = …`, or a group. */
  #field(message: ProtoMessage): void {
    const before: Token[] = [];
    while (!this.#broken && !['=', ';', '{', '}'].includes(this.#peek())) before.push(this.#take());
    const name = before.at(-1);
    if (this.#peek() !== '=' || name?.kind !== 'word' || before.length < 2) {
      this.#broken = true;
      return;
    }
    this.#take();
    const number = numberOf(this.#take());
    if (number === undefined) this.#broken = true;
    const type = before.find(({ text }) => !['optional', 'required', 'repeated'].includes(text))?.text;
    if (type === 'map' || type === 'group') message.hiddenAt.push(message.messages.length);
    if (type === 'group') message.hasGroup = true;
    const field = type === 'group' ? name.text.toLowerCase() : name.text;
    message.names.add(name.text).add(field);
    const jsonName = this.#rest() ?? jsonNameOf(field);
    message.fields.push({ name: field, number: number ?? 0, jsonName });
  }

  #reserved(message: ProtoMessage): void {
    this.#take();
    if (numberOf(this.#tokens[this.#at]) !== undefined) message.reservedNumbers.push(...this.#ranges());
    else {
      while (!this.#broken && this.#peek() !== ';') {
        const { kind, text } = this.#take();
        if (kind !== 'mark') message.reservedNames.add(text);
      }
    }
    this.#rest();
  }

  #extensions(message: ProtoMessage): void {
    this.#take();
    message.extensionRanges.push(...this.#ranges());
    this.#rest();
  }

  #ranges(): [number, number][] {
    const ranges: [number, number][] = [];
    do {
      if (this.#peek() === ',') this.#take();
      const from = numberOf(this.#take());
      let to = from;
      if (this.#peek() === 'to') {
        this.#take();
        const last = this.#take();
        to = last.text === 'max' ? LARGEST_NUMBER : numberOf(last);
      }
      if (from === undefined || to === undefined) this.#broken = true;
      else ranges.push([from, to]);
    } while (!this.#broken && this.#peek() === ',');
    return ranges;
  }

  #option(message: ProtoMessage): void {
    this.#take();
    const [name, , value] = this.#tokens.slice(this.#at, this.#at + 3);
    if (name?.text === 'message_set_wire_format' && value?.text === 'true') message.isMessageSet = true;
    this.#rest();
  }

  /** To the end of the statement: past its `;`, or past the block that ends it. Answers a `json_name` met on the way. */
  #rest(): string | undefined {
    let depth = 0;
    let jsonName: string | undefined;
    while (!this.#broken) {
      const { kind, text: written } = this.#take();
      const text = kind === 'string' ? '' : written;
      if (depth === 1 && text === 'json_name') jsonName = this.#tokens[this.#at + 1]?.text;
      if (['{', '[', '(', '<'].includes(text)) depth++;
      else if (['}', ']', ')', '>'].includes(text)) depth--;
      if (depth < 0) this.#broken = true;
      if (depth === 0 && (text === ';' || (text === '}' && !this.#continues()))) return jsonName;
    }
    return undefined;
  }

  /** `option (x) = { … };` and the like go on behind their brace. */
  #continues(): boolean {
    return [';', ']', ','].includes(this.#peek());
  }

  #peek(): string {
    const token = this.#tokens[this.#at];
    return token === undefined || token.kind === 'string' ? '' : token.text;
  }

  #take(): Token {
    const token = this.#tokens[this.#at++];
    if (token === undefined) this.#broken = true;
    return token ?? { kind: 'mark', text: '', start: 0, end: 0 };
  }
}

function numberOf(token: Token | undefined): number | undefined {
  if (token?.kind !== 'number') return undefined;
  const value = /^0[0-7]+$/.test(token.text) ? parseInt(token.text, 8) : Number(token.text);
  return Number.isSafeInteger(value) ? value : undefined;
}
