/** Writes small trace.dat files for tests, byte by byte: versions 6 and 7 as trace-cmd lays them out. */
import { deflateSync, zstdCompressSync } from 'node:zlib';

export class Bytes {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  raw(bytes: Uint8Array | readonly number[]): this {
    const part = Uint8Array.from(bytes);
    this.#parts.push(part);
    this.length += part.length;
    return this;
  }

  number(value: number | bigint, size: 1 | 2 | 4 | 8): this {
    let rest = BigInt.asUintN(64, BigInt(value));
    return this.raw(Array.from({ length: size }, () => [Number(rest & 0xffn), (rest >>= 8n)][0] as number));
  }

  u16 = (value: number): this => this.number(value, 2);
  u32 = (value: number): this => this.number(value, 4);
  u64 = (value: number | bigint): this => this.number(value, 8);
  text = (text: string): this => this.raw(Buffer.from(text, 'latin1'));
  cString = (text: string): this => this.text(`${text}\0`);

  padTo(offset: number): this {
    return this.raw(new Uint8Array(Math.max(0, offset - this.length)));
  }

  done(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }
}

/** One entry of a ring buffer page. */
export type Entry =
  | { kind: 'event'; delta: number; payload: Uint8Array; long?: boolean }
  | { kind: 'extend'; delta: bigint }
  | { kind: 'stamp'; time: bigint }
  | { kind: 'padding'; delta: number; bytes: number };

export interface PageSpec {
  time: bigint;
  entries: Entry[];
  /** Lost before it: a count, or 'some'. */
  lost?: number | 'some';
  longSize?: 4 | 8;
  size?: number;
  /** Overrides the commit word. */
  commit?: number;
}

export function page(spec: PageSpec): Uint8Array {
  const { longSize = 8, size = 4096 } = spec;
  const data = new Bytes();
  for (const e of spec.entries) {
    switch (e.kind) {
      case 'event': {
        const padded = (e.payload.length + 3) & ~3;
        if (!e.long && padded > 0 && padded <= 112) data.u32((e.delta << 5) | (padded / 4));
        else data.u32(e.delta << 5).u32(padded + 4);
        data.raw(e.payload).raw(new Uint8Array(padded - e.payload.length));
        break;
      }
      case 'extend':
      case 'stamp': {
        const value = e.kind === 'extend' ? e.delta : e.time & 0x07ffffffffffffffn;
        const type = e.kind === 'extend' ? 30 : 31;
        data.u32(Number(((value & 0x7ffffffn) << 5n) | BigInt(type))).u32(Number((value >> 27n) & 0xffffffffn));
        break;
      }
      case 'padding':
        data
          .u32((e.delta << 5) | 29)
          .u32(e.bytes + 4)
          .raw(new Uint8Array(e.bytes));
    }
  }
  const lostBits = spec.lost === undefined ? 0n : spec.lost === 'some' ? 1n << 31n : (1n << 31n) | (1n << 30n);
  const out = new Bytes().u64(spec.time);
  const commit = spec.commit === undefined ? BigInt(data.length) | lostBits : BigInt(spec.commit);
  out.number(commit, longSize).raw(data.done());
  if (typeof spec.lost === 'number') out.number(spec.lost, longSize);
  return out.padTo(size).done().subarray(0, size);
}

export interface FileSpec {
  version?: 6 | 7;
  compression?: 'none' | 'zstd' | 'zlib';
  longSize?: 4 | 8;
  ftrace?: string[];
  systems?: Record<string, string[]>;
  kallsyms?: string;
  printk?: string;
  comms?: string;
  clock?: string;
  /** Pages a CPU. */
  cpus: Uint8Array[][];
  instances?: Record<string, Uint8Array[][]>;
  /** Further options: [id, data]. */
  options?: [number, Uint8Array][];
  pagesPerChunk?: number;
  pageSize?: number;
}

/** A description with the common fields that kernels since 5.x have. */
export function format(name: string, id: number, fields: string[], print: string, longSize = 8): string {
  const common = [
    'field:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;',
    'field:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;',
    'field:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;',
    `field:int common_pid;\toffset:4;\tsize:4;\tsigned:1;`,
  ];
  void longSize;
  const lines = (list: string[]): string => list.map((l) => `\t${l}\n`).join('');
  return `name: ${name}\nID: ${id}\nformat:\n${lines(common)}\n${lines(fields)}\nprint fmt: ${print}\n`;
}

/** A record: the common header, then the body. */
export function record(id: number, pid: number, body: Uint8Array): Uint8Array {
  return new Bytes().u16(id).raw([0, 0]).u32(pid).raw(body).done();
}

function headers(spec: FileSpec): Uint8Array {
  const long = spec.longSize ?? 8;
  const pageHeader =
    '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n' +
    `\tfield: local_t commit;\toffset:8;\tsize:${long};\tsigned:1;\n` +
    '\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n' +
    `\tfield: char data;\toffset:${8 + long};\tsize:${4096 - 8 - long};\tsigned:1;\n`;
  const eventHeader = '# compressed entry header\n';
  return new Bytes()
    .cString('header_page')
    .u64(pageHeader.length)
    .text(pageHeader)
    .cString('header_event')
    .u64(eventHeader.length)
    .text(eventHeader)
    .done();
}

function formats(list: string[]): Uint8Array {
  const out = new Bytes().u32(list.length);
  for (const text of list) out.u64(text.length).text(text);
  return out.done();
}

function sections(spec: FileSpec): Record<number, Uint8Array> {
  const systems = Object.entries(spec.systems ?? {});
  const events = new Bytes().u32(systems.length);
  for (const [name, list] of systems) events.cString(name).raw(formats(list));
  const { kallsyms = '', printk = '', comms = '' } = spec;
  return {
    16: headers(spec),
    17: formats(spec.ftrace ?? []),
    18: events.done(),
    19: new Bytes().u32(kallsyms.length).text(kallsyms).done(),
    20: new Bytes().u32(printk.length).text(printk).done(),
    21: new Bytes().u64(comms.length).text(comms).done(),
  };
}

export function traceDat(spec: FileSpec): Uint8Array {
  return (spec.version ?? 6) === 6 ? version6(spec) : version7(spec);
}

function option(id: number, data: Uint8Array): Uint8Array {
  return new Bytes().u16(id).u32(data.length).raw(data).done();
}

function version6(spec: FileSpec): Uint8Array {
  const { clock = 'local', pageSize = 4096 } = spec;
  const out = new Bytes()
    .raw([0x17, 8, 0x44])
    .text('tracing')
    .cString('6')
    .raw([0, spec.longSize ?? 8])
    .u32(pageSize);
  const all = sections(spec);
  for (const id of [16, 17, 18, 19, 20, 21]) out.raw(all[id]);
  out.u32(spec.cpus.length).cString('options  ');
  const text = `[${clock}]`;
  out.raw(option(4, new Bytes().cString(text).done()));
  for (const [id, data] of spec.options ?? []) out.raw(option(id, data));
  const instances = Object.entries(spec.instances ?? {});
  const tableSize = (n: number): number => 10 + 16 * n;
  let at =
    out.length +
    instances.reduce((sum, [name]) => sum + 6 + 8 + name.length + 1, 0) +
    2 +
    tableSize(spec.cpus.length) +
    8 +
    text.length;
  const tables: number[] = [];
  for (const [, cpus] of instances) {
    tables.push(at);
    at += tableSize(cpus.length);
  }
  instances.forEach(([name], i) => out.raw(option(3, new Bytes().u64(tables[i]).cString(name).done())));
  out.u16(0);
  let data = Math.ceil(at / pageSize) * pageSize;
  const body: Uint8Array[][] = [];
  const table = (cpus: Uint8Array[][]): void => {
    out.cString('flyrecord');
    for (const pages of cpus) {
      out.u64(data).u64(pages.length * pageSize);
      data += pages.length * pageSize;
      body.push(pages);
    }
  };
  table(spec.cpus);
  out.u64(text.length).text(text);
  for (const [, cpus] of instances) table(cpus);
  out.padTo(Math.ceil(out.length / pageSize) * pageSize);
  for (const pages of body) for (const p of pages) out.raw(p);
  return out.done();
}

function squeeze(kind: FileSpec['compression'], bytes: Uint8Array): Uint8Array {
  const packed = kind === 'zlib' ? deflateSync(bytes) : zstdCompressSync(bytes);
  return new Bytes().u32(packed.length).u32(bytes.length).raw(packed).done();
}

function version7(spec: FileSpec): Uint8Array {
  const { clock = 'local', pageSize = 4096, compression = 'none', pagesPerChunk = 2 } = spec;
  const packed = compression !== 'none';
  const names = { none: 'none', zstd: 'zstd', zlib: 'zlib' };
  const out = new Bytes()
    .raw([0x17, 8, 0x44])
    .text('tracing')
    .cString('7')
    .raw([0, spec.longSize ?? 8])
    .u32(pageSize);
  out.cString(names[compression]).cString(packed ? '1.0' : '');
  const optionsAt = out.length + 8;
  // The options come last: their place is filled in below.
  const body = new Bytes();
  const places: [number, number][] = [];
  const section = (id: number, bytes: Uint8Array, squeezed: boolean): number => {
    const at = optionsAt + body.length;
    const data = squeezed ? squeeze(compression, bytes) : bytes;
    body
      .u16(id)
      .u16(squeezed ? 1 : 0)
      .u32(0)
      .u64(data.length)
      .raw(data);
    return at;
  };
  for (const [id, bytes] of Object.entries(sections(spec)))
    places.push([Number(id), section(Number(id), bytes, packed)]);
  const options = new Bytes();
  const buffer = (name: string, cpus: Uint8Array[][]): void => {
    const at = optionsAt + body.length;
    body
      .u16(3)
      .u16(packed ? 1 : 0)
      .u32(0)
      .u64(0);
    const rows = new Bytes();
    cpus.forEach((pages, cpu) => {
      if (!packed) body.padTo(Math.ceil((optionsAt + body.length) / pageSize) * pageSize - optionsAt);
      const start = body.length;
      if (packed) {
        const chunks = Math.ceil(pages.length / pagesPerChunk);
        body.u32(chunks);
        for (let i = 0; i < chunks; i++) {
          const some = pages.slice(i * pagesPerChunk, (i + 1) * pagesPerChunk);
          body.raw(squeeze(compression, new Uint8Array(Buffer.concat(some))));
        }
      } else {
        for (const p of pages) body.raw(p);
      }
      rows
        .u32(cpu)
        .u64(optionsAt + start)
        .u64(pages.length ? body.length - start : 0);
    });
    const head = new Bytes().u64(at).cString(name).cString(clock).u32(pageSize).u32(cpus.length).raw(rows.done());
    options.raw(option(3, head.done()));
  };
  for (const [id, at] of places) options.raw(option(id, new Bytes().u64(at).done()));
  options.raw(option(4, new Bytes().cString(`[${clock}]`).done()));
  options.raw(option(8, new Bytes().u32(spec.cpus.length).done()));
  for (const [id, data] of spec.options ?? []) options.raw(option(id, data));
  buffer('', spec.cpus);
  for (const [name, cpus] of Object.entries(spec.instances ?? {})) buffer(name, cpus);
  options.raw(option(0, new Bytes().u64(0).done()));
  const where = optionsAt + body.length;
  const list = options.done();
  body.u16(0).u16(0).u32(0).u64(list.length).raw(list);
  return out.u64(where).raw(body.done()).done();
}
