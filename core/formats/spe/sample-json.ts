import { type SpeColumns, Has, type WideColumn } from './columns.ts';
import { eventNames, opName } from './names.ts';
import { sourceName } from './sources.ts';

const hex = (value: bigint): string => `"0x${value.toString(16)}"`;

/** A JSON number, or a string from 2^53 on. */
const integer = (value: bigint): string => (value > BigInt(Number.MAX_SAFE_INTEGER) ? `"${value}"` : String(value));

/**
 * Record `i` as the JSON line of `umbra inspect --samples`, without a newline: absent fields left out, addresses hex
 * strings, `t` in ns of perf's clock, `counter` in ticks, latencies in cycles, `size` in bytes. `midr` names what is
 * IMP DEF.
 */
export function sampleJson(columns: SpeColumns, i: number, midr?: bigint): string {
  const present = columns.present[i];
  const fields: string[] = [];
  const put = (bit: number, name: string, value: () => string): void => {
    if (present & bit) fields.push(`"${name}":${value()}`);
  };
  const address = (bit: number, name: WideColumn): void => put(bit, name, () => hex(columns[name][i]));
  put(Has.TIME, 't', () => integer(columns.t[i]));
  put(Has.COUNTER, 'counter', () => integer(columns.counter[i]));
  if (columns.cpu[i] >= 0) fields.push(`"cpu":${columns.cpu[i]}`);
  put(Has.PID, 'pid', () => String(columns.pid[i]));
  put(Has.TID, 'tid', () => String(columns.tid[i]));
  address(Has.PC, 'pc');
  put(Has.PC, 'el', () => String(columns.el[i]));
  address(Has.VA, 'va');
  address(Has.PA, 'pa');
  address(Has.TO, 'to');
  address(Has.PBT, 'pbt');
  put(Has.OP, 'op', () => JSON.stringify(opText(columns.op[i])));
  put(Has.EVENTS, 'events', () => JSON.stringify(eventText(columns.events[i], midr)));
  put(Has.TOTAL, 'totalLat', () => String(columns.totalLat[i]));
  put(Has.ISSUE, 'issueLat', () => String(columns.issueLat[i]));
  put(Has.XLAT, 'xlatLat', () => String(columns.xlatLat[i]));
  put(Has.SOURCE, 'source', () => JSON.stringify(sourceName(columns.source[i], midr)));
  put(Has.CONTEXT, 'context', () => String(columns.context[i]));
  fields.push(`"size":${columns.size[i]}`);
  return `{${fields.join(',')}}`;
}

/** The `op` column in words: `LD GP-REG`. */
export function opText(op: number): string {
  return opName(op >> 8, op & 0xff) ?? `class ${op >> 8} 0x${(op & 0xff).toString(16)}`;
}

/** The `events` column in words: `RETIRED L1D-ACCESS`. */
export function eventText(events: bigint, midr?: bigint): string {
  return eventNames(Number(events & 0xffffffffn), Number(events >> 32n), midr).join(' ');
}
