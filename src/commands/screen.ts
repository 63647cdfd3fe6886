/** Where lines are shown again and again. */
export interface Screen {
  readonly isTerminal: boolean;
  /** As it is now: windows are resized. */
  readonly size: () => { readonly rows: number; readonly columns: number };
  readonly write: (text: string) => void;
}

const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * What draws `lines` over the last drawing, cut to what fits: the last line stays, as the sum of what is left out. Each line is
 * cleared as it is written and not all at once before, so that nothing flickers. PURE.
 */
export function frameOf(lines: readonly string[], { rows, columns }: ReturnType<Screen['size']>): string {
  const room = Math.max(2, rows - 1);
  const fitting =
    lines.length <= room
      ? lines
      : [...lines.slice(0, room - 2), `… ${lines.length - room + 1} more lines`, ...lines.slice(-1)];
  const drawn = fitting.map((line) => `${line.slice(0, columns)}${CLEAR_LINE}\n`);
  return `${HOME}${drawn.join('')}${CLEAR_BELOW}`;
}
