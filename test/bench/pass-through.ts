/** `node --import ./test/bench/pass-through.ts …`: the same lane without the stamp, by module resolution; the product has no such switch. */
import { registerHooks } from 'node:module';

const plain = new URL('./pass-through-stamp.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith('stamp/header.ts') && context.parentURL?.includes('/src/pipeline/') === true
      ? { url: plain, shortCircuit: true }
      : next(specifier, context),
});
