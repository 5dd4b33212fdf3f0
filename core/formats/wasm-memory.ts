/** Memory of WebAssembly modules. */
export interface WasmMemory {
  /** Taken away, with all views of it, when the memory grows. */
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

const PAGE = 65536;

// Node's types leave it out.
const { Memory } = WebAssembly as unknown as { Memory: new (size: { initial: number }) => WasmMemory };

export function wasmMemory(bytes: number): WasmMemory {
  return new Memory({ initial: Math.ceil(bytes / PAGE) });
}

/** Lets a memory have at least so many bytes. */
export function growTo(memory: WasmMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

/** An instance of a module that imports its memory as `umbra.memory`. */
export function wasmInstance<T>(base64: string, memory: WasmMemory): T {
  const module = new WebAssembly.Module(Buffer.from(base64, 'base64'));
  return new WebAssembly.Instance(module, { umbra: { memory } }).exports as unknown as T;
}
