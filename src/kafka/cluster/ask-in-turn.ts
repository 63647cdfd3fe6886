import type { Clock } from '../../clock.ts';
import { LinkError } from './port.ts';

/**
 * Asks one candidate after the other: the next as soon as all asked so far have failed, or after `staggerMs` without
 * an answer (a frozen broker accepts connections and says nothing). The first answer wins; later ones are dropped.
 * Rejects with the LinkError that says most: refused or unsupported before unreachable.
 */
export async function askInTurn<Candidate, Answer>(
  candidates: readonly Candidate[],
  ask: (candidate: Candidate) => Promise<Answer>,
  { staggerMs, clock }: { staggerMs: number; clock: Clock },
): Promise<Answer> {
  const done = new AbortController();
  const asked: Promise<Answer>[] = [];
  try {
    for (const candidate of candidates) {
      asked.push(ask(candidate));
      const turn = await Promise.race([
        Promise.any(asked).then(
          (answer) => ({ answer }),
          () => undefined,
        ),
        clock.sleep(staggerMs, done.signal).then(() => undefined),
      ]);
      if (turn !== undefined) return turn.answer;
    }
    return await Promise.any(asked);
  } catch (failures) {
    throw mostTelling(failures instanceof AggregateError ? failures.errors : [failures]);
  } finally {
    done.abort();
  }
}

/** PURE. */
export function mostTelling(failures: readonly unknown[]): LinkError {
  const links = failures.filter((failure) => failure instanceof LinkError);
  const telling =
    links.find(({ failure }) => failure === 'refused') ??
    links.find(({ failure }) => failure === 'unsupported');
  if (telling !== undefined) return telling;
  const each = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  return new LinkError(
    'unreachable',
    -1,
    `no broker answered (${each.join('; ')})`,
    new AggregateError(failures),
  );
}
