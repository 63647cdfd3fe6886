import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  expect(more: number): void;
  done(more: number): void;
  end(): void;
}

/** A bar on a terminal, nothing elsewhere. */
export function createProgress(stream: NodeJS.WriteStream, what: string): Progress {
  if (!stream.isTTY) return { expect: () => undefined, done: () => undefined, end: () => undefined };
  const bar = new SingleBar(
    {
      stream,
      format: `${what} {bar} {percentage}% | {value}/{total} | {duration_formatted}`,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  let total = 0;
  bar.start(0, 0);
  return {
    expect: (more) => {
      total += more;
      bar.setTotal(total);
    },
    done: (more) => {
      bar.increment(more);
    },
    end: () => {
      bar.stop();
    },
  };
}
