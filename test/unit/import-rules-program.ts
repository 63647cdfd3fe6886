/**
 * Lints planted files in a process of its own, since Jest cannot load eslint.config.mjs. One line of JSON in, [file, code]; one
 * line of JSON out, what is said against it. Ends with its input.
 *
 * Only the rules that keep rooms apart run: those that need types cannot, planted files are in no project. What files a rule is
 * for, and which of two rules wins, is as in the real configuration.
 */
import { createInterface } from 'node:readline';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';

const place = new URL('../../eslint.config.mjs', import.meta.url).href;
const { default: config } = (await import(place)) as { default: readonly Linter.Config[] };

const rules = config.flatMap(({ files = ['**/*.ts'], rules: all = {} }) => {
  const kept = Object.entries(all).filter(([name]) => name.startsWith('no-restricted-'));
  return kept.length === 0 ? [] : [{ files, rules: Object.fromEntries(kept) }];
});

const eslint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } }, ...rules],
});

for await (const line of createInterface({ input: process.stdin })) {
  const [filePath, code] = JSON.parse(line) as [string, string];
  const [result] = await eslint.lintText(code, { filePath });
  const said = result!.messages.map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`);
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
