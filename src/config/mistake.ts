/** One thing wrong with the configuration. */
export interface Mistake {
  /** `kafka.routes[0].input`, a file with line and column, or the name of an environment variable. */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

export const formatMistakes = (mistakes: readonly Mistake[]): string =>
  mistakes
    .map(({ path, problem, remedy }) => `  ${path === '' ? '(top)' : path}: ${problem}; ${remedy}`)
    .join('\n');
