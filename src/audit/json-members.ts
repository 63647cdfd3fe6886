/** A member of the outermost object of a JSON text: its name as a reader has it, and where its value stands. */
export interface Member {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Length of the byte order mark a text begins with. */
export const markBytes = (text: Buffer): number => (text.subarray(0, 3).equals(MARK) ? 3 : 0);

/** JSON's own spaces, and no others. */
export function passSpace(text: Buffer, at: number): number {
  while (at < text.length && ' \t\r\n'.includes(String.fromCharCode(text[at]!))) at++;
  return at;
}

/**
 * The members of the outermost object, in their order; `no object` for any other JSON text, undefined for what is none. The grammar is
 * judged by JSON.parse, byte by byte as latin1: whatever stands within strings is not its business. PURE.
 */
export function membersOf(text: Buffer): readonly Member[] | 'no object' | undefined {
  const from = markBytes(text);
  try {
    JSON.parse(text.toString('latin1', from));
  } catch {
    return undefined;
  }
  let at = passSpace(text, from);
  if (text[at] !== 0x7b) return 'no object';
  const members: Member[] = [];
  at = passSpace(text, at + 1);
  while (text[at] !== 0x7d) {
    const nameEnd = valueEnd(text, at);
    const name = JSON.parse(text.toString('utf8', at, nameEnd)) as string;
    const start = passSpace(text, passSpace(text, nameEnd) + 1);
    const end = valueEnd(text, start);
    members.push({ name, start, end });
    at = passSpace(text, end);
    if (text[at] === 0x2c) at = passSpace(text, at + 1);
  }
  return members;
}

/** Behind the value at `at`, in a text known to be JSON. */
function valueEnd(text: Buffer, at: number): number {
  let depth = 0;
  for (;;) {
    const sign = String.fromCharCode(text[at]!);
    if (sign === '"') at = stringEnd(text, at);
    else if (depth === 0 && ',]} \t\r\n:'.includes(sign)) return at;
    else {
      if ('{['.includes(sign)) depth++;
      if ('}]'.includes(sign)) depth--;
      at++;
      if (depth > 0 || !'}]'.includes(sign)) continue;
    }
    if (depth === 0) return at;
  }
}

function stringEnd(text: Buffer, at: number): number {
  for (at++; text[at] !== 0x22; at++) if (text[at] === 0x5c) at++;
  return at + 1;
}
