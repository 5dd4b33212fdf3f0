/** Names of C++ and Rust functions as their authors wrote them, by the Firefox Profiler's demangler. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Itanium C++ ABI and Rust (legacy and v0); macOS adds a leading underscore. */
const MANGLED = /^_{1,2}(?:Z|R)\w/;

/** Longer names are shown as they are. */
const MAX_NAME = 16384;

/** What the module exports, by wasm-bindgen's conventions: strings are passed as UTF-8 in its memory. */
interface Demangler {
  readonly memory: { readonly buffer: ArrayBuffer };
  demangle_any(at: number, bytes: number): [at: number, bytes: number];
  __wbindgen_malloc(bytes: number, alignment: number): number;
  __wbindgen_free(at: number, bytes: number, alignment: number): void;
  __wbindgen_start(): void;
}

/**
 * Makes one for many names: the first mangled one loads the demangler (about 5 ms). The function returns unknown names as they are.
 *
 * The package's own entry imports WebAssembly as a module, which makes Node 24 warn on stderr, and can be instantiated only once.
 */
export function createDemangler(): (name: string) => string {
  let loaded: Demangler | undefined;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let broken = false;
  const demangle = (wasm: Demangler, name: string): string => {
    const text = encoder.encode(name);
    // It frees its argument, we free its result.
    const at = wasm.__wbindgen_malloc(text.length, 1);
    new Uint8Array(wasm.memory.buffer).set(text, at);
    const [from, bytes] = wasm.demangle_any(at, text.length);
    const plain = decoder.decode(new Uint8Array(wasm.memory.buffer, from, bytes));
    wasm.__wbindgen_free(from, bytes, 1);
    return plain;
  };
  return (name) => {
    if (broken || !MANGLED.test(name) || name.length > MAX_NAME) return name;
    const wasm = (loaded ??= load());
    try {
      const plain = demangle(wasm, name);
      // It returns what it can't read, without the underscore that macOS adds.
      return plain === '' || name.endsWith(plain) ? name : plain;
    } catch {
      // A trap inside leaves its memory in an unknown state.
      broken = true;
      return name;
    }
  };
}

function load(): Demangler {
  const file = createRequire(import.meta.url).resolve('gecko-profiler-demangle/index_bg.wasm');
  // It would fill a table of JavaScript values, but none is ever passed.
  const imports = { './index_bg.js': { __wbindgen_init_externref_table: () => undefined } };
  const wasm = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports).exports as Demangler;
  wasm.__wbindgen_start();
  return wasm;
}
