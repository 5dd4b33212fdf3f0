/** What we use of WebAssembly: the types of it come with those of browsers only. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports?: Record<string, object>);
    readonly exports: unknown;
  }
}
