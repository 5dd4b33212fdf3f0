/** Names of C++ and Rust functions as their authors wrote them, by the Firefox Profiler's demangler. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Itanium C++ ABI and Rust (legacy and v0); macOS adds a leading underscore. */
const MANGLED = /^_{1,2}(?:Z|R)\w/;

/** Names that are longer, mangled or plain, are shown as they are. */
const MAX_NAME = 16384;

/**
 * A name may refer to its own parts: 200 characters stand for gigabytes. The demangler's memory ends at so many pages of 64 KiB, and after so
 * many such names the rest are shown as they are.
 */
const MAX_PAGES = 64;
const MAX_BOMBS = 64;

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
  let bombs = 0;
  const demangle = (wasm: Demangler, name: string): string | undefined => {
    const text = encoder.encode(name);
    // It frees its argument, we free its result.
    const at = wasm.__wbindgen_malloc(text.length, 1);
    new Uint8Array(wasm.memory.buffer).set(text, at);
    const [from, bytes] = wasm.demangle_any(at, text.length);
    const plain = bytes > MAX_NAME ? undefined : decoder.decode(new Uint8Array(wasm.memory.buffer, from, bytes));
    wasm.__wbindgen_free(from, bytes, 1);
    return plain;
  };
  return (name) => {
    if (bombs >= MAX_BOMBS || !MANGLED.test(name) || name.length > MAX_NAME) return name;
    try {
      const plain = demangle((loaded ??= load()), name);
      if (plain === undefined) {
        bombs++;
        return name;
      }
      // It returns what it can't read, without the underscore that macOS adds.
      return plain === '' || name.endsWith(plain) ? name : plain;
    } catch {
      // A trap inside, as at the end of its memory, leaves that in an unknown state.
      loaded = undefined;
      bombs++;
      return name;
    }
  };
}

function load(): Demangler {
  const file = createRequire(import.meta.url).resolve('gecko-profiler-demangle/index_bg.wasm');
  // It would fill a table of JavaScript values, but none is ever passed.
  const imports = { './index_bg.js': { __wbindgen_init_externref_table: () => undefined } };
  const module = new WebAssembly.Module(withMemoryLimit(readFileSync(file), MAX_PAGES));
  const wasm = new WebAssembly.Instance(module, imports).exports as Demangler;
  wasm.__wbindgen_start();
  return wasm;
}

const MEMORY_SECTION = 5;

/** The module with a limit to its memory, which has none: section 5 holds a flag and the least number of pages (WebAssembly 5.5.8). */
function withMemoryLimit(module: Uint8Array<ArrayBuffer>, pages: number): Uint8Array<ArrayBuffer> {
  const uleb = (at: number): [value: number, next: number] => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = module[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return [value, at];
    }
  };
  for (let at = 8; at < module.length;) {
    const [size, body] = uleb(at + 1);
    const end = body + size;
    if (module[at] === MEMORY_SECTION && module[body] === 1 && module[body + 1] === 0) {
      const least = module.subarray(body + 2, end);
      const most = [(pages & 127) | 128, pages >> 7];
      const section = [MEMORY_SECTION, 2 + least.length + most.length, 1, 1, ...least, ...most];
      return Uint8Array.from([...module.subarray(0, at), ...section, ...module.subarray(end)]);
    }
    at = end;
  }
  return module;
}
