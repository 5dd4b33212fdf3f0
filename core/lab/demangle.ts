/** Names of C++ and Rust functions as their authors wrote them, by the Firefox Profiler's demangler. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as demangler from 'gecko-profiler-demangle/index_bg.js';

/** Itanium C++ ABI and Rust (legacy and v0); macOS puts a further underscore in front. */
const MANGLED = /^_{0,2}(?:Z|R)\w/;

/** A longer name is shown as it is. */
const MAX_NAME = 16384;

/** Instantiates the demangler (about 5 ms): make one for many names. The function gives back what it doesn't know. */
export function createDemangler(): (name: string) => string {
  const file = createRequire(import.meta.url).resolve('gecko-profiler-demangle/index_bg.wasm');
  const module = new WebAssembly.Module(readFileSync(file));
  const { exports } = new WebAssembly.Instance(module, { './index_bg.js': { ...demangler } });
  demangler.__wbg_set_wasm(exports);
  (exports['__wbindgen_start'] as () => void)();
  let broken = false;
  return (name) => {
    if (broken || !MANGLED.test(name) || name.length > MAX_NAME) return name;
    try {
      const plain = demangler.demangle_any(name);
      // What it can't read it returns, without the underscore that macOS adds.
      return plain === '' || name.endsWith(plain) ? name : plain;
    } catch {
      // A trap inside leaves its memory in an unknown state.
      broken = true;
      return name;
    }
  };
}
