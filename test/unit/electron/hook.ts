/** `node --import`: imports of `electron` get the stand-in. The real package would fetch its binary. */
import { registerHooks } from 'node:module';

const standIn = new URL('stand-in.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
});
