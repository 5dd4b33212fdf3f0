/** Exports of the sample pair, read back by other libraries or by the formats' published schemas. */
import { existsSync, mkdtempSync, readFileSync, rmSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportFromLab } from '../../core/lab/exports/export.ts';
import type { ExportRequest } from '../../core/lab/exports/export.ts';
import { listWindows } from '../../core/lab/runs/runs.ts';
import { makePairLab } from './pair-lab.ts';
import { umbra } from './umbra.ts';

const fixtures = fileURLToPath(new URL('../fixtures/export', import.meta.url));

type Row = Record<string, string | number | bigint | null>;

let folder: string;
let db: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
  db = join(folder, 'lab.umbra');
  makePairLab(db, join(folder, 'report.txt'), ['bare-metal', 'map-on-fault', 'impdef-event', 'serror']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function exported(request: Omit<ExportRequest, 'path'>): Buffer {
  const path = join(folder, 'out');
  expect(exportFromLab(db, { ...request, path })).toEqual([path]);
  return readFileSync(path);
}

const jsonLines = (request: Omit<ExportRequest, 'path' | 'form'>): Row[] =>
  exported({ ...request, form: 'jsonl' })
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

/** RFC 4180, the plain way. */
function csvRows(text: string): string[][] {
  const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\n)/g)];
  const rows: string[][] = [[]];
  for (const [, cell, end] of cells) {
    rows.at(-1)!.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

describe('tables', () => {
  it('a sample is the same in every form', async () => {
    const lines = jsonLines({ capture: 1 });
    expect(lines).toHaveLength(24000);
    const [head, ...csv] = csvRows(exported({ capture: 1, form: 'csv' }).toString());
    expect(csv).toHaveLength(24000);
    const buffer = exported({ capture: 1, form: 'parquet' });
    const file = new Uint8Array(buffer).buffer;
    const parquet = (await parquetReadObjects({ file })) as Row[];
    expect(parquet).toHaveLength(24000);
    const array = JSON.parse(exported({ capture: 1, form: 'json' }).toString()) as Row[];
    expect(array).toEqual(lines);
    for (const i of [0, 1, 12_345, 23_999]) {
      const line = Object.fromEntries(head.map((name) => [name, lines[i][name] ?? null]));
      expect(Object.fromEntries(head.map((name, c) => [name, csv[i][c]]))).toEqual(
        Object.fromEntries(Object.entries(line).map(([name, value]) => [name, value === null ? '' : String(value)])),
      );
      expect(
        Object.fromEntries(Object.entries(parquet[i]).map(([n, v]) => [n, typeof v === 'bigint' ? Number(v) : v])),
      ).toEqual(line);
    }
    // As `umbra inspect --samples` and perf have it.
    expect(lines[0]).toMatchObject({ t_ns: 1_790_775_681_343, pc: '0xaaaac3f492c0', op: 'LD GP-REG', source: 'L2' });
  });

  it('types of Parquet columns say what they are', () => {
    const buffer = exported({ capture: 1, form: 'parquet' });
    const { schema, row_groups } = parquetMetadata(new Uint8Array(buffer).buffer);
    const types = Object.fromEntries(schema.slice(1).map((e) => [e.name, e.converted_type ?? e.type]));
    expect(types).toMatchObject({ t_ns: 'INT64', pc: 'UTF8', total_lat_cycles: 'INT32' });
    // One a batch: each lane's samples are stored in chunks of their own.
    expect(row_groups.map((g) => Number(g.num_rows))).toEqual([12000, 12000]);
  });

  it('events carry their fields; results and windows are the run’s', () => {
    const events = jsonLines({ capture: 2 });
    expect(events).toHaveLength(25063);
    expect(events.find((e) => e['event'] === 'kvm_guest_fault')).toMatchObject({
      system: 'kvm',
      fields: { ipa: expect.stringMatching(/^0x/) as string },
    });
    const windows = jsonLines({ run: 1, table: 'windows' });
    const asked = listWindows(db, { run: 1, policy: 'map-on-fault' });
    const own = windows.filter((w) => w['policy'] === 'map-on-fault' && w['dl_discard'] === 'record');
    expect(own.map((w) => [w['start_ns'], w['end_ns'], w['kind'], w['ipa'] ?? null, w['lost_samples']])).toEqual(
      asked.map((w) => [Number(w.start), Number(w.end), w.kind, w.ipa, w.lost]),
    );
    const results = jsonLines({ run: 1 });
    for (const r of results) expect(Number(r['kept']) + Number(r['lost'])).toBe(24000);
    expect(new Set(results.map((r) => r['policy'])).size).toBe(4);
  });

  it.each(['results', 'windows', 'stage2'])('gives the rows of a run’s %s as Parquet, too', async (table) => {
    const file = new Uint8Array(exported({ run: 1, table, form: 'parquet' })).buffer;
    const cells = (row: Row) => Object.entries(row).flatMap(([n, v]) => (v === null ? [] : [`${n} ${String(v)}`]));
    const rows = (await parquetReadObjects({ file })) as Row[];
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(cells)).toEqual(jsonLines({ run: 1, table }).map(cells));
  });

  it('says what is wrong in one line, and leaves nothing behind', () => {
    const path = join(folder, 'never.csv');
    const fail = (words: RegExp, request: Omit<ExportRequest, 'path'>): void =>
      expect(() => exportFromLab(db, { ...request, path })).toThrow(words);
    fail(/no run 7/, { form: 'csv', run: 7 });
    fail(/no capture 7/, { form: 'csv', capture: 7 });
    fail(/no table 'samples'; it has results/, { form: 'csv', run: 1, table: 'samples' });
    fail(/perfetto shows a run/, { form: 'perfetto', capture: 1 });
    fail(/pprof shows one policy/, { form: 'pprof', run: 1 });
    fail(/no policy 'x'; it has bare-metal/, { form: 'pprof', run: 1, policy: 'x' });
    const both = umbra('export', '--db', db, '-o', path, '--to', 'csv', '--run', '1', '--capture', '1');
    expect([both.code, both.stderr]).toEqual([2, 'umbra: export: give either --capture or --run\n']);
    expect(() => readFileSync(path)).toThrow('ENOENT');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('an export that is stopped', () => {
  it.each([
    ['csv', { capture: 1 }],
    ['jsonl', { capture: 2 }],
    ['parquet', { capture: 1 }],
    ['csv', { run: 1, table: 'windows' }],
    ['perfetto', { run: 1 }],
  ] as const)('%s of %j leaves no file, and says how far it is', (form, of) => {
    const path = join(folder, 'stopped');
    const told: [number, number | undefined][] = [];
    expect(() =>
      exportFromLab(db, { ...of, form, path }, (done, total) => {
        told.push([done, total]);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(told).toHaveLength(1);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('counts rows as they are written', () => {
    const told: [number, number | undefined][] = [];
    exportFromLab(db, { capture: 1, form: 'csv', path: join(folder, 'out') }, (...rows) => told.push(rows));
    expect(told).toEqual([
      [0, 24000],
      [12000, 24000],
    ]);
  });
});

interface TrackEventPacket {
  timestamp?: string;
  trusted_packet_sequence_id?: number;
  track_descriptor?: { uuid: string; name: string; parent_uuid?: string; counter?: { unit_name: string } };
  track_event?: {
    type: string;
    track_uuid: string;
    name?: string;
    double_counter_value?: number;
    debug_annotations?: { name: string; string_value?: string; uint_value?: string }[];
  };
}

describe('perfetto', () => {
  let packets: TrackEventPacket[];
  let trace: protobuf.Type;
  let bytes: Buffer;
  beforeAll(() => {
    const json = JSON.parse(readFileSync(join(fixtures, 'perfetto_trace.json'), 'utf8')) as protobuf.INamespace;
    trace = protobuf.Root.fromJSON(json).lookupType('perfetto.protos.Trace');
    bytes = exported({ run: 1, form: 'perfetto' });
    packets = (trace.toObject(trace.decode(bytes), { longs: String, enums: String }) as { packet: TrackEventPacket[] })
      .packet;
  });

  it('holds no field that the published schema doesn’t have', () => {
    const again = trace.encode(trace.decode(bytes)).finish();
    expect(again.length).toBe(bytes.length);
    for (const packet of packets) expect(packet.trusted_packet_sequence_id).toBe(1);
  });

  it('has a tree of tracks: run, vCPU, policy', () => {
    const tracks = packets.flatMap((p) => p.track_descriptor ?? []);
    const byUuid = new Map(tracks.map((t) => [t.uuid, t]));
    expect(byUuid.size).toBe(tracks.length);
    const path = (t: (typeof tracks)[number]): string =>
      t.parent_uuid ? `${path(byUuid.get(t.parent_uuid)!)}/${t.name}` : t.name.replace(/:.*/, '');
    const paths = tracks.map(path);
    expect(paths).toContain('umbra run 1/vCPU 0/map-on-fault');
    expect(paths).toContain('umbra run 1/vCPU 1/samples');
    expect(tracks.find((t) => t.name === 'samples')!.counter!.unit_name).toBe('samples/s');
    for (const { track_event: event } of packets) if (event) expect(byUuid.has(event.track_uuid)).toBe(true);
  });

  it('a slice per blackout window, with its arguments', () => {
    const windows = jsonLines({ run: 1, table: 'windows' }).filter((w) => w['dl_discard'] === 'record');
    const tracks = new Map(
      packets.flatMap((p) => (p.track_descriptor ? [[p.track_descriptor.uuid, p.track_descriptor]] : [])),
    );
    const lane = (uuid: string): number => Number(tracks.get(tracks.get(uuid)!.parent_uuid!)!.name.slice(5));
    const slices: unknown[] = [];
    const open = new Map<string, TrackEventPacket>();
    for (const packet of packets) {
      const event = packet.track_event;
      if (event?.type === 'TYPE_SLICE_BEGIN') {
        expect(open.has(event.track_uuid)).toBe(false);
        open.set(event.track_uuid, packet);
      } else if (event?.type === 'TYPE_SLICE_END') {
        const begin = open.get(event.track_uuid)!;
        open.delete(event.track_uuid);
        const args = Object.fromEntries(
          begin.track_event!.debug_annotations!.map((a) => [a.name, a.string_value ?? a.uint_value]),
        );
        slices.push([
          ...[
            tracks.get(event.track_uuid)!.name,
            lane(event.track_uuid),
            Number(begin.timestamp),
            Number(packet.timestamp),
          ],
          ...[begin.track_event!.name, args['ipa'], Number(args['lost_samples'])],
        ]);
      }
    }
    expect(open.size).toBe(0);
    const wanted = windows.map((w) => [
      ...[w['policy'], w['lane'], w['start_ns'], w['end_ns'], w['kind'], w['ipa'], w['lost_samples']],
    ]);
    const sorted = (rows: unknown[]): string[] => rows.map((r) => JSON.stringify(r)).sort();
    expect(sorted(slices)).toEqual(sorted(wanted));
    expect(slices.length).toBeGreaterThan(20);
    const names = new Set(
      packets.flatMap((p) => (p.track_event?.type === 'TYPE_INSTANT' ? [p.track_event.name!] : [])),
    );
    expect([...names].some((n) => n.startsWith('stage 2 fault: '))).toBe(true);
    expect(names).toContain('unmap: userspace');
  });

  it('the sample rate adds up to the samples', () => {
    const rates = packets.flatMap((p) => p.track_event?.double_counter_value ?? []);
    const [first, second] = packets
      .filter((p) => p.track_event?.type === 'TYPE_COUNTER')
      .map((p) => BigInt(p.timestamp!));
    expect((rates.reduce((a, b) => a + b) * Number(second - first)) / 1e9 / 24000).toBeCloseTo(1, 3);
  });
});

interface Sums {
  kept: number;
  lost: number;
}

describe('profiles', () => {
  it('pprof: kept and lost are two sample types that add up to the result', () => {
    const profileType = protobuf
      .parse(readFileSync(join(fixtures, 'profile.proto'), 'utf8'), { keepCase: true })
      .root.lookupType('perftools.profiles.Profile');
    const bytes = gunzipSync(exported({ run: 1, form: 'pprof', policy: 'serror' }));
    const profile = profileType.toObject(profileType.decode(bytes), { longs: Number, arrays: true }) as {
      string_table: string[];
      sample_type: { type: number; unit: number }[];
      sample: { location_id: number[]; value: number[] }[];
      location: { id: number; mapping_id: number; line: { function_id: number }[] }[];
      function: { id: number; name: number }[];
      mapping: { id: number; filename: number }[];
    };
    expect(profileType.encode(profileType.decode(bytes)).finish().length).toBe(bytes.length);
    const text = profile.string_table;
    expect(profile.sample_type.map((t) => [text[t.type], text[t.unit]])).toEqual([
      ['kept', 'count'],
      ['lost', 'count'],
    ]);
    const [result] = jsonLines({ run: 1 }).filter((r) => r['policy'] === 'serror' && r['dl_discard'] === 'record');
    const sum = (k: number): number => profile.sample.reduce((total, s) => total + s.value[k], 0);
    expect({ kept: sum(0), lost: sum(1) } satisfies Sums).toEqual({ kept: result['kept'], lost: result['lost'] });
    const locations = new Map(profile.location.map((l) => [l.id, l]));
    for (const s of profile.sample) {
      const location = locations.get(s.location_id[0])!;
      expect(profile.function.some((f) => f.id === location.line[0].function_id)).toBe(true);
      expect(profile.mapping.some((m) => m.id === location.mapping_id)).toBe(true);
    }
    expect(profile.mapping.map((m) => text[m.filename])).toContain('kvbench');
  });

  it('collapsed stacks: the same numbers, the fate first', () => {
    const lines = exported({ run: 1, form: 'collapsed', policy: 'serror' }).toString().trimEnd().split('\n');
    const sums: Sums = { kept: 0, lost: 0 };
    for (const line of lines) {
      const [, fate, count] = /^(kept|lost);[^;]+;[^;]+;[^;]+ (\d+)$/.exec(line)!;
      sums[fate as keyof Sums] += Number(count);
    }
    const [result] = jsonLines({ run: 1 }).filter((r) => r['policy'] === 'serror' && r['dl_discard'] === 'record');
    expect(sums).toEqual({ kept: result['kept'], lost: result['lost'] });
  });
});
