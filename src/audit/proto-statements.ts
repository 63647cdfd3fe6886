const TOKEN =
  /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[A-Za-z_][\w.]*|[0-9][\w.]*|[^\s]/g;

/** One statement of a Protobuf file, or a block with what it holds. */
export interface Statement {
  /** Its tokens, parted by single blanks, without comments: equal however it was printed. */
  readonly text: string;
  /** Undefined when it ended with a semicolon. */
  readonly block: readonly Statement[] | undefined;
}

/** The statements of a file. PURE; undefined for a text whose braces do not fit. */
export function statementsOf(text: string): readonly Statement[] | undefined {
  const open: Statement[][] = [[]];
  const heads: string[] = [];
  let tokens: string[] = [];
  // Braces of an option's value are part of the option: the statement goes on behind them.
  let within = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith('//') || token.startsWith('/*')) continue;
    if (token === '{' && within === 0 && !isValue(tokens)) {
      heads.push(tokens.join(' '));
      open.push([]);
      tokens = [];
    } else if (token === '}' && within === 0) {
      const block = open.pop()!;
      const head = heads.pop();
      if (head === undefined || tokens.length > 0) return undefined;
      open.at(-1)!.push({ text: head, block });
    } else if (token === ';' && within === 0) {
      if (tokens.length > 0) open.at(-1)!.push({ text: tokens.join(' '), block: undefined });
      tokens = [];
    } else {
      if (token === '{') within++;
      if (token === '}') within--;
      tokens.push(token.startsWith("'") ? `"${token.slice(1, -1)}"` : token);
    }
  }
  return open.length === 1 && tokens.length === 0 ? open[0] : undefined;
}

/** `option x = {`, or `[(x) = {` behind a field. */
const isValue = (tokens: readonly string[]): boolean =>
  tokens.includes('=') || tokens.includes('[') || tokens[0] === 'option';

export const isMessage = ({ text, block }: Statement): boolean =>
  block !== undefined && text.startsWith('message ');

/**
 * One text for all ways to print the same statements. What has no order (fields, options, imports) is put into one; messages keep theirs,
 * since message indexes count them. PURE.
 */
export function canonical(statements: readonly Statement[]): string {
  const messages = statements.filter(isMessage).map(spelt);
  const others = statements.filter((statement) => !isMessage(statement)).map(spelt);
  return [...others.toSorted(), ...messages].join('\n');
}

const spelt = ({ text, block }: Statement): string =>
  block === undefined ? `${text};` : `${text}{${canonical(block)}}`;
