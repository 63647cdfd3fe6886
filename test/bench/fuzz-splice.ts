/** `npm run fuzz:splice [payloads of each format] [seed]`: a million random and damaged payloads of each format by default. */
import { fuzzSplice } from '../support/splice/fuzz.ts';
import { FORMATS } from '../support/splice/inputs.ts';

const each = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
console.log(`${each} payloads of each format, seed ${seed}`);
for (const format of FORMATS) {
  const shapes = format === 'json' ? (['flat', 'envelope'] as const) : (['flat'] as const);
  const ways = shapes.flatMap((shape) => [
    { shape, wire: 'none' as const },
    { shape, wire: 'confluent' as const },
  ]);
  for (const way of ways) {
    const startedMs = performance.now();
    const { ends, wrong } = fuzzSplice({ format, ...way, count: Math.ceil(each / ways.length), seed });
    const total = [...ends.values()].reduce((sum, n) => sum + n, 0);
    const tally = [...ends].toSorted(([, a], [, b]) => b - a).map(([end, n]) => `${end} ${n}`);
    const took = ((performance.now() - startedMs) / 1_000).toFixed(0);
    console.log(`${format} ${way.shape}, prefix ${way.wire}: ${total} in ${took} s: ${tally.join(', ')}`);
    for (const line of wrong) console.log(`  WRONG ${line}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
}
