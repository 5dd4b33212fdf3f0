/**
 * Records as SPE packets in the layout of a Neoverse N1: 64 bytes each, padded (Arm ARM DDI 0487, D17 "Statistical Profiling
 * Extension sample record specification"; packet headers as in perf's arm-spe-pkt-decoder.c).
 */
import { Has } from '../formats/spe/columns.ts';
import { RECORD_BYTES } from './samples.ts';
import type { SampleBatch } from './samples.ts';

/** CONTEXTIDR_EL2: a VHE host's kernel keeps the tid there. */
const CONTEXT_EL2 = 0x65;
const NS = 0x80000000;

/** Writes all records of the batch to `out` and returns their bytes. */
export function encodeRecords({ columns: c, wide }: SampleBatch, out: Uint8Array): number {
  const { n } = c;
  const bytes = n * RECORD_BYTES;
  const view = new DataView(out.buffer, out.byteOffset, bytes);
  out.fill(0, 0, bytes);
  for (let i = 0, at = 0; i < n; i++, at += RECORD_BYTES) {
    const has = c.present[i];
    const level = (NS | (c.el[i] << 29)) >>> 0;
    out[at] = 0xb0;
    view.setUint32(at + 1, wide.pc[2 * i], true);
    view.setUint32(at + 5, level | (wide.pc[2 * i + 1] & 0xffffff), true);
    out[at + 14] = CONTEXT_EL2;
    view.setUint32(at + 15, c.context[i], true);
    out[at + 19] = 0x48 | (c.op[i] >> 8);
    out[at + 20] = c.op[i] & 0xff;
    out[at + 21] = 0x52;
    view.setUint16(at + 22, wide.events[2 * i], true);
    out[at + 24] = 0x99;
    view.setUint16(at + 25, c.issueLat[i], true);
    out[at + 27] = 0x98;
    view.setUint16(at + 28, c.totalLat[i], true);
    if (has & Has.VA) {
      out[at + 30] = 0xb2;
      view.setUint32(at + 31, wide.va[2 * i], true);
      view.setUint32(at + 35, wide.va[2 * i + 1], true);
      out[at + 39] = 0x9a;
      view.setUint16(at + 40, c.xlatLat[i], true);
      out[at + 42] = 0xb3;
      view.setUint32(at + 43, wide.pa[2 * i], true);
      view.setUint32(at + 47, (NS | wide.pa[2 * i + 1]) >>> 0, true);
      if (has & Has.SOURCE) {
        out[at + 51] = 0x43;
        out[at + 52] = c.source[i];
      }
    } else if (has & Has.TO) {
      out[at + 30] = 0xb1;
      view.setUint32(at + 31, wide.to[2 * i], true);
      view.setUint32(at + 35, level | (wide.to[2 * i + 1] & 0xffffff), true);
    }
    out[at + 55] = 0x71;
    view.setUint32(at + 56, wide.counter[2 * i], true);
    view.setUint32(at + 60, wide.counter[2 * i + 1], true);
  }
  return bytes;
}
