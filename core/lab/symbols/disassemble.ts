/**
 * AArch64 machine code as text, by Capstone (BSD-3-Clause, as WebAssembly). It is loaded when the first function is shown: its
 * 3.3 MB would slow the start of every command.
 */
import { createRequire } from 'node:module';

export interface Instruction {
  /** Bytes from the start of the code. */
  readonly at: number;
  /** E.g. `ldr x2, [x1, #8]`; `.inst 0x…` for a word that isn't an instruction. */
  readonly text: string;
  /** Branch target, bytes from the start of the code; undefined for indirect branches and other instructions. */
  readonly to?: number;
}

/** The parts of Capstone's module that are used (https://github.com/AlexAltea/capstone.js). */
interface Capstone {
  readonly ARCH_ARM64: number;
  readonly MODE_LITTLE_ENDIAN: number;
  readonly Capstone: new (
    arch: number,
    mode: number,
  ) => {
    disasm(bytes: Uint8Array, address: number): { address: bigint; mnemonic: string; op_str: string }[];
    delete?(): void;
  };
}

let loaded: Promise<Capstone> | undefined;

const WORD = 4;

/**
 * @param code little-endian instructions of 4 bytes
 * @param address of the first: branch targets use the same addresses
 */
export async function disassemble(code: Uint8Array, address: number): Promise<Instruction[]> {
  loaded ??= (createRequire(import.meta.url)('@alexaltea/capstone-js') as () => Promise<Capstone>)();
  const capstone = await loaded;
  const engine = new capstone.Capstone(capstone.ARCH_ARM64, capstone.MODE_LITTLE_ENDIAN);
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  const list: Instruction[] = [];
  // It stops at unknown words: literal pools are mixed with the code.
  for (let at = 0; at + WORD <= code.length;) {
    for (const { mnemonic, op_str: operands } of decoded(engine, code.subarray(at), address + at)) {
      list.push({ at, text: `${mnemonic} ${operands}`.trim(), ...branchTarget(mnemonic, operands, address) });
      at += WORD;
    }
    if (at + WORD > code.length) break;
    list.push({ at, text: `.inst 0x${view.getUint32(at, true).toString(16).padStart(8, '0')}` });
    at += WORD;
  }
  return list;
}

type Engine = InstanceType<Capstone['Capstone']>;

/** Capstone's binding throws where nothing decodes. */
function decoded(engine: Engine, code: Uint8Array, address: number): ReturnType<Engine['disasm']> {
  try {
    return engine.disasm(code, address);
  } catch {
    return [];
  }
}

/** The address is the last operand of b, b.cond, bl, cbz, cbnz, tbz and tbnz. */
function branchTarget(mnemonic: string, operands: string, address: number): { to?: number } {
  if (!/^(b|bl|b\..*|bc\..*|cbn?z|tbn?z)$/.test(mnemonic)) return {};
  const target = /#0x([0-9a-f]+)$/.exec(operands)?.[1];
  return target === undefined ? {} : { to: parseInt(target, 16) - address };
}
