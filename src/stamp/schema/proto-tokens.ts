/** A token of a .proto text: comments and space are not tokens. */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'mark';
  /** As written; of a string what it means, as far as names go. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;
const WORD = /\.?[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?/y;
const STRING = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/y;
const MARK = /[{}[\]()<>=;,:+\-/.]/y;

/**
 * The tokens of a .proto text (protobuf.dev, language specification), or undefined for what is no such text. A dotted name is one word.
 */
export function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  take(SPACE);
  while (at < text.length) {
    const start = at;
    const add = (kind: Token['kind'], raw: string): void => {
      tokens.push({ kind, text: raw, start, end: at });
    };
    const word = take(WORD);
    const number = word === undefined ? take(NUMBER) : undefined;
    const string = word === undefined && number === undefined ? take(STRING) : undefined;
    if (word !== undefined) add('word', word);
    else if (number !== undefined) add('number', number);
    else if (string !== undefined) add('string', string.slice(1, -1));
    else {
      const mark = take(MARK);
      if (mark === undefined) return undefined;
      add('mark', mark);
    }
    take(SPACE);
  }
  return tokens;
}
