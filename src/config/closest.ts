/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
  }
  return row[b.length]!;
}

/** The known word a mistyped one was meant to be; undefined when none is near. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({
    candidate,
    far: distance(word.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = ranked.toSorted((a, b) => a.far - b.far)[0];
  // Two letters that changed places are a distance of two.
  const near = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  return best !== undefined && best.far <= near ? best.candidate : undefined;
}
