/**
 * The kernel's own page-table calls as ftrace text: kprobes recorded beside a trace (`*.stage2.txt`). Read into the same
 * columns as a trace, so that the exact timeline of a trace with such probes and the truth to measure against are one code.
 */
import { KvmEvents, KvmKind } from '../kvm-events.ts';

/** A probe's name, however it was set (`s2_map`, `kvm_pgtable_stage2_map`, `p_kvm_pgtable_stage2_map_0`, `…__return`), as an event kind. */
export function tableCallKind(name: string): number | undefined {
  const match =
    /^(?:s2_|(?:[pr]_)?kvm_pgtable_stage2_)(map|unmap|wrprotect|relax|relax_perms|mkyoung|mkold|age|test_clear_young|split|destroy|destroy_range|destroy_pgd)(?:_\d+)?(_ret|__return)?(?:_\d+)?$/.exec(
      name,
    );
  if (!match) return undefined;
  const returns = match[2] !== undefined || name.startsWith('r_');
  switch (match[1]) {
    case 'map':
      return returns ? KvmKind.S2_MAP_RET : KvmKind.S2_MAP;
    case 'relax':
    case 'relax_perms':
      return returns ? KvmKind.S2_RELAX_RET : KvmKind.S2_RELAX;
    case 'unmap':
      return returns ? undefined : KvmKind.S2_UNMAP;
    case 'wrprotect':
      return returns ? undefined : KvmKind.S2_WRPROTECT;
    case 'mkyoung':
      return returns ? undefined : KvmKind.S2_MKYOUNG;
    case 'mkold':
    case 'age':
    case 'test_clear_young':
      return returns ? undefined : KvmKind.S2_MKOLD;
    case 'split':
      return returns ? undefined : KvmKind.S2_SPLIT;
    default:
      return returns ? undefined : KvmKind.S2_DESTROY;
  }
}

const LINE = /-(\d+) +\[(\d+)\] +(?:\S{4,6} +)?(\d+)\.(\d{1,9}): +([A-Za-z_]\w*):(.*)$/;

/** A field's value in a kprobe event's text; 0 if absent. */
function field(text: string, name: string): bigint {
  const at = text.indexOf(` ${name}=`);
  if (at < 0) return 0n;
  const from = at + name.length + 2;
  const space = text.indexOf(' ', from);
  const value = text.slice(from, space < 0 ? undefined : space);
  try {
    return value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value);
  } catch {
    return 0n;
  }
}

const page = (address: bigint): number => Number(BigInt.asUintN(64, address) >> 12n);

/**
 * Reads `*.stage2.txt` lines (as /sys/kernel/tracing/trace prints kprobe events with the fields pgt, ipa, size, prot, ret).
 * Other lines are skipped; `origin` is the first call's time unless given, ns in the trace's clock.
 */
export function parseTableCalls(lines: Iterable<string>, origin?: bigint): KvmEvents {
  const events = new KvmEvents();
  let zero = origin;
  for (const line of lines) {
    const match = LINE.exec(line);
    if (!match) continue;
    const kind = tableCallKind(match[5]);
    if (kind === undefined) continue;
    const ns = BigInt(match[3]) * 1_000_000_000n + BigInt(match[4].padEnd(9, '0'));
    zero ??= ns;
    const text = match[6];
    const size = kind === KvmKind.S2_DESTROY ? 0n : field(text, 'size') || 4096n;
    const ipa = field(text, 'ipa');
    const returns = kind === KvmKind.S2_MAP_RET || kind === KvmKind.S2_RELAX_RET;
    // kvm_pgtable_stage2_test_clear_young(…, mkold = false) only looks.
    if (kind === KvmKind.S2_MKOLD && / (?:old|mkold)=0/.test(text)) continue;
    const word = returns ? Number(BigInt.asUintN(31, -field(text, 'ret'))) : Number(field(text, 'prot') & 0xffn);
    const i = events.push(
      Number(ns - zero),
      Number(match[1]),
      Number(match[2]),
      kind,
      page(ipa),
      page(ipa + size),
      word,
    );
    // Identity is all that counts; the low 53 bits of a kernel pointer keep it.
    events.setOther(i, Number(BigInt.asUintN(53, field(text, 'pgt'))));
  }
  events.origin = zero ?? 0n;
  events.span = events.n ? events.t[events.n - 1] : 0;
  return events;
}
