/** How the clocks of an SPE capture and a KVM trace relate: kept with the pair. */
import type { ClockPair } from '../model/clocks.ts';
import { inserter } from './insert.ts';
import type { Db } from './lab-file.ts';

export function setClockPair(db: Db, speId: number, kvmId: number, c: ClockPair): void {
  const columns = [
    ...(['spe_id', 'kvm_id', 'at_ns', 'offset_ns', 'drift_ppb', 'uncertainty_ns', 'drift_uncertainty_ppb'] as const),
    ...(['span_ns', 'kvm_readings', 'spe_readings', 'strain_ns'] as const),
  ];
  const [kvmReadings, speReadings] = c.readings;
  inserter(
    db,
    'clock_pair',
    columns,
    'INSERT OR REPLACE',
  )({
    spe_id: speId,
    kvm_id: kvmId,
    at_ns: c.at,
    offset_ns: c.offsetNs,
    drift_ppb: c.driftPpb,
    uncertainty_ns: c.uncertaintyNs,
    drift_uncertainty_ppb: c.driftUncertaintyPpb,
    span_ns: Math.round(c.spanNs),
    kvm_readings: kvmReadings,
    spe_readings: speReadings,
    strain_ns: c.strainNs,
  });
}

export function readClockPair(db: Db, speId: number, kvmId: number): ClockPair | undefined {
  const row = db.prepare('SELECT * FROM clock_pair WHERE spe_id = ? AND kvm_id = ?').get(speId, kvmId);
  return row === undefined ? undefined : fromRow(row as Row).clocks;
}

export interface StoredClockPair {
  readonly spe: number;
  readonly kvm: number;
  readonly clocks: ClockPair;
}

type Row = Readonly<Record<string, bigint | number>>;

function fromRow(row: Row): StoredClockPair {
  return {
    spe: Number(row['spe_id']),
    kvm: Number(row['kvm_id']),
    clocks: {
      at: BigInt(row['at_ns']),
      offsetNs: BigInt(row['offset_ns']),
      driftPpb: Number(row['drift_ppb']),
      uncertaintyNs: Number(row['uncertainty_ns']),
      driftUncertaintyPpb: Number(row['drift_uncertainty_ppb']),
      spanNs: Number(row['span_ns']),
      readings: [Number(row['kvm_readings']), Number(row['spe_readings'])],
      strainNs: Number(row['strain_ns']),
    },
  };
}
