import { canonical, isMessage, statementsOf, type Statement } from './proto-statements.ts';
import type { ValueRule } from './rule.ts';

/**
 * The original with the field in the message at that path, and nothing besides. By statements, not by bytes: some registries give a text
 * out as they print it. PURE.
 */
export function stampedProto(
  original: string,
  stamped: string,
  { field, fieldNumber }: Pick<ValueRule, 'field' | 'fieldNumber'>,
  messagePath: string,
): string | undefined {
  const [before, after] = [statementsOf(original), statementsOf(stamped)];
  if (before === undefined || after === undefined) return 'one of them is no Protobuf schema';
  const path = messagePath.split('.').map(Number);
  if (messageAt(before, path) === undefined) return `the original has no message ${messagePath}`;
  const wanted = `sfixed64 ${field} = ${fieldNumber}`;
  const plain = without(after, path, ({ text, block }) => {
    return block === undefined && (text === wanted || text === `optional ${wanted}`);
  });
  if (plain === undefined) return `it has no ${wanted}; in message ${messagePath}`;
  return canonical(plain) === canonical(before) ? undefined : 'they differ in more than the ID';
}

function messageAt(statements: readonly Statement[], path: readonly number[]): Statement | undefined {
  const [index, ...rest] = path;
  const found = index === undefined ? undefined : statements.filter(isMessage)[index];
  return rest.length === 0 || found === undefined ? found : messageAt(found.block!, rest);
}

/** All statements, but the first like that of the message at the path; undefined: there is none. */
function without(
  statements: readonly Statement[],
  path: readonly number[],
  isLike: (statement: Statement) => boolean,
): readonly Statement[] | undefined {
  const [index, ...rest] = path;
  if (index === undefined) {
    const at = statements.findIndex(isLike);
    return at < 0 ? undefined : statements.toSpliced(at, 1);
  }
  const message = statements.filter(isMessage)[index];
  const block = message === undefined ? undefined : without(message.block!, rest, isLike);
  if (message === undefined || block === undefined) return undefined;
  return statements.with(statements.indexOf(message), { text: message.text, block });
}
