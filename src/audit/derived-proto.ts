import type { ValueRule } from './rule.ts';

/** The text with the field behind the opening brace of the message at that path, and nothing besides. PURE. */
export function stampedProto(
  original: string,
  stamped: string,
  { field, fieldNumber }: Pick<ValueRule, 'field' | 'fieldNumber'>,
  messagePath: string,
): string | undefined {
  const open = openOf(original, messagePath);
  if (open < 0) return `the original has no message ${messagePath}`;
  const [before, after] = [original.slice(0, open), original.slice(open)];
  if (!stamped.startsWith(before) || !stamped.endsWith(after)) return 'they differ in more than the ID';
  const inserted = stamped
    .slice(open, stamped.length - after.length)
    .trim()
    .replaceAll(/\s+/g, ' ');
  const wanted = `sfixed64 ${field} = ${fieldNumber};`;
  return inserted === wanted || inserted === `optional ${wanted}`
    ? undefined
    : `it has ${JSON.stringify(inserted)} where ${wanted} belongs`;
}

const TOKEN = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*|[{};]/g;

/** Behind the brace that opens the message with these indexes, −1 when there is none. */
function openOf(text: string, messagePath: string): number {
  /** By open brace: its path as a message, undefined for anything else, and how many messages it held so far. */
  const open: { readonly path: string | undefined; count: number }[] = [{ path: '', count: 0 }];
  let statement: string[] = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token.startsWith('/')) continue;
    if (token === '{') {
      const outer = open.at(-1)!;
      const isMessage = statement[0] === 'message' && outer.path !== undefined;
      const path = isMessage ? `${outer.path === '' ? '' : `${outer.path}.`}${outer.count++}` : undefined;
      if (path === messagePath) return index + 1;
      open.push({ path, count: 0 });
    } else if (token === '}') open.pop();
    else if (token !== ';') {
      statement.push(token);
      continue;
    }
    statement = [];
    if (open.length === 0) return -1;
  }
  return -1;
}
