/** Memory of WebAssembly modules. */
export interface WasmMemory {
  /** Detached, with all views of it, when the memory grows. */
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

const PAGE = 65536;

// Only the part of the API that is used, whatever types a program has for it: Node's lack Memory.
const { Memory, Module, Instance } = WebAssembly as unknown as {
  Memory: new (size: { initial: number }) => WasmMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: { umbra: { memory: WasmMemory } }) => { exports: object };
};

export function wasmMemory(bytes: number): WasmMemory {
  return new Memory({ initial: Math.ceil(bytes / PAGE) });
}

/** Grows a memory to at least this many bytes. */
export function growTo(memory: WasmMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

/** An instance of a module that imports its memory as `umbra.memory`; `T`: what it exports. */
export function wasmInstance<T>(base64: string, memory: WasmMemory): T {
  return new Instance(new Module(Buffer.from(base64, 'base64')), { umbra: { memory } }).exports as T;
}
