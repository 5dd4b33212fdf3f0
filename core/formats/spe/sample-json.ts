import { type SpeColumns, Extra, Has, type WideColumn } from './columns.ts';
import { contextOf, stateOf } from './states.ts';
import type { StateAddress } from './states.ts';
import { eventNames, opName } from './names.ts';
import { sourceName } from './sources.ts';

const hex = (value: bigint): string => `"0x${value.toString(16)}"`;

/** A JSON number, or a string from 2^53 on. */
const integer = (value: bigint): string => (value > BigInt(Number.MAX_SAFE_INTEGER) ? `"${value}"` : String(value));

/**
 * Record `i` as the JSON line of `umbra inspect --samples`, without a newline: absent fields left out, addresses hex strings, `t` in ns of
 * perf's clock, `counter` in ticks, latencies in cycles, `size` in bytes. `pcState` and the like only for addresses that aren't non-secure,
 * `contextEl1` and `contextEl2` only for records that have both: `context` is then EL2's. `midr` names what is IMP DEF.
 */
export function sampleJson(columns: SpeColumns, i: number, midr?: bigint): string {
  const present = columns.present[i];
  const fields: string[] = [];
  const put = (bit: number, name: string, value: () => string): void => {
    if (present & bit) fields.push(`"${name}":${value()}`);
  };
  const address = (bit: number, name: WideColumn): void => put(bit, name, () => hex(columns[name][i]));
  const state = (name: StateAddress): void => {
    const word = stateOf(columns, i, name);
    if (word && word !== 'non-secure') fields.push(`"${name}State":"${word}"`);
  };
  put(Has.TIME, 't', () => integer(columns.t[i]));
  put(Has.COUNTER, 'counter', () => integer(columns.counter[i]));
  if (columns.cpu[i] >= 0) fields.push(`"cpu":${columns.cpu[i]}`);
  put(Has.PID, 'pid', () => String(columns.pid[i]));
  put(Has.TID, 'tid', () => String(columns.tid[i]));
  address(Has.PC, 'pc');
  put(Has.PC, 'el', () => String(columns.el[i]));
  state('pc');
  address(Has.VA, 'va');
  address(Has.PA, 'pa');
  state('pa');
  address(Has.TO, 'to');
  state('to');
  address(Has.PBT, 'pbt');
  state('pbt');
  put(Has.OP, 'op', () => JSON.stringify(opText(columns.op[i])));
  put(Has.EVENTS, 'events', () => JSON.stringify(eventText(columns.events[i], midr)));
  put(Has.TOTAL, 'totalLat', () => String(columns.totalLat[i]));
  put(Has.ISSUE, 'issueLat', () => String(columns.issueLat[i]));
  put(Has.XLAT, 'xlatLat', () => String(columns.xlatLat[i]));
  if (columns.extra[i] & Extra.ALT_ISSUE) fields.push(`"altIssueLat":${columns.altLat[i]}`);
  put(Has.SOURCE, 'source', () => JSON.stringify(sourceName(columns.source[i], midr)));
  put(Has.CONTEXT, 'context', () => String(columns.context[i]));
  const contexts = [contextOf(columns, i, 1), contextOf(columns, i, 2)];
  if (!contexts.includes(undefined)) fields.push(`"contextEl1":${contexts[0]}`, `"contextEl2":${contexts[1]}`);
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
