/** What the command palette offers: places to go to, and things to do. */
import { computed } from 'vue';
import type { ComputedRef } from 'vue';
import { saveFile } from '../charts/save.ts';
import { useImport } from '../captures/import-files.ts';
import { useSymbols } from '../captures/load-symbols.ts';
import { shownRun } from '../policies/run-facts.ts';
import { csv } from '../sql/csv.ts';
import { MAX_SQL_ROWS } from '../../core/contract/limits.ts';
import { display, themes } from '../state/display.ts';
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';
import { usePair } from '../state/pair.ts';
import { useSelection } from '../state/selection.ts';
import type { Change } from '../state/selection.ts';
import { chosenWords, useTidy } from '../state/tidy.ts';
import type { Named } from './matching.ts';
import { pickFiles } from './pick-files.ts';
import { keyOf, views } from './views.ts';

export interface Command extends Named {
  readonly id: string;
  readonly run: () => void;
}

/** Parts of views that have several. */
const parts = [
  ['policies', 'library', 'Policy library', 'decisions of each policy; own ones'],
  ['policies', 'sensitivity', 'Sensitivity', 'sweep a parameter of the run'],
  ['policies', 'run', 'New run', 'replay a pair under other parameters'],
  ['skew', 'runs', 'Compare two runs', 'in Skew'],
  ['skew', 'captures', 'Compare two captures', 'a guest’s against bare metal’s, in Skew'],
] as const;

export function useCommands(): ComputedRef<readonly Command[]> {
  const lab = useLab();
  const jobs = useJobs();
  const selection = useSelection();
  const pair = usePair();
  const tidy = useTidy();
  const imports = useImport();
  const { loadSymbols } = useSymbols();
  const go = (to: Change) => () => selection.select(to);
  const failed = () => undefined; // The job strip shows what happened.

  function replay() {
    const { spe, kvm, align, offset } = pair;
    if (!spe || !kvm) return;
    const settings = { align, ...(offset && { offsetNs: offset }) };
    const title = `Replay ${spe.name} × ${kvm.name}`;
    void jobs
      .run(title, 'replay', { spe: spe.id, kvm: kvm.id, policies: ['all'], settings })
      .then(({ run }) =>
        jobs.notify(`${title}: done, run ${run}.`, { label: 'Show the answer', run: go({ view: 'home', run }) }),
      )
      .catch(failed);
  }
  async function symbols() {
    const capture = pair.spe;
    if (!capture) return;
    const found = await loadSymbols(capture, await pickFiles());
    if (found) jobs.notify(`${capture.name}: ${found.said}`);
  }
  function report(run: number, form: 'html' | 'txt') {
    void jobs
      .run(`Report of run ${run}`, 'report', { run, form, notes: '' })
      .then(({ file, text }) =>
        saveFile(file, form === 'html' ? 'text/html;charset=utf-8' : 'text/plain;charset=utf-8', text),
      )
      .catch(failed);
  }
  function table(name: string, sql: string) {
    void jobs
      .run(`Export ${name}`, 'sql', { sql, limit: MAX_SQL_ROWS })
      .then((answer) => {
        saveFile(`umbra-${name.replace(/\W+/g, '-')}.csv`, 'text/csv;charset=utf-8', csv(answer));
        if (answer.more) jobs.notify(`${name}: the first ${MAX_SQL_ROWS} rows. umbra export writes all of them.`);
      })
      .catch(failed);
  }

  return computed(() => {
    const runs = lab.runs ?? [];
    const shown = shownRun(runs, selection.current.run);
    const policies = [...new Set(shown?.policies.map((p) => p.policy))];
    const removed = tidy.removed();
    const list: Command[] = [
      ...views.map(({ id, title }) => ({
        ...{ id: `view ${id}`, title, hint: `view, key ${keyOf(id)}` },
        run: go({ view: id }),
      })),
      ...parts.map(([view, part, title, hint]) => ({
        ...{ id: `part ${view} ${part}`, title, hint },
        run: go({ view, part }),
      })),
      {
        ...{ id: 'import', title: 'Import captures…', hint: 'perf.data, trace.dat, text; a .vm.json; symbols' },
        run: () => void pickFiles().then(imports.importFiles),
      },
      {
        ...{ id: 'record', title: 'Record from a board…', hint: 'over ssh' },
        run: go({ view: 'captures', part: 'record' }),
      },
      {
        ...{ id: 'campaign', title: 'Open a campaign…', hint: 'a folder of many pairs' },
        run: lab.openLab
          ? () => lab.openLab?.('campaign')
          : go({ view: 'campaign', campaign: undefined, value: undefined, pair: undefined, pairs: undefined }),
      },
      {
        ...{ id: 'copy link', title: 'Copy the link of what is shown', hint: 'view, selection, lanes' },
        run: () =>
          void navigator.clipboard.writeText(location.href).then(
            () => jobs.notify('Link copied.'),
            () => jobs.notify('The browser doesn’t allow copying here.'),
          ),
      },
      ...themes.map((theme) => ({
        ...{ id: `theme ${theme}`, title: `Theme: ${theme}`, hint: 'display' },
        run: () => {
          display.theme = theme;
        },
      })),
    ];
    if (pair.spe && pair.kvm)
      list.push({
        ...{ id: 'replay', title: 'Replay all policies', hint: `${pair.spe.name} × ${pair.kvm.name}` },
        run: replay,
      });
    if (pair.spe)
      list.push({
        ...{ id: 'symbols', title: 'Load symbols…', hint: `for ${pair.spe.name}` },
        run: () => void symbols(),
      });
    if (shown) {
      const { id } = shown;
      list.push(
        {
          ...{ id: 'report html', title: 'Save the report as HTML', hint: `run ${id}` },
          run: () => report(id, 'html'),
        },
        { ...{ id: 'report txt', title: 'Save the report as text', hint: `run ${id}` }, run: () => report(id, 'txt') },
        {
          ...{ id: 'export results', title: 'Export results as CSV', hint: `run ${id}, a row a policy` },
          run: () => table(`run ${id} results`, `SELECT * FROM replay_result WHERE run_id = ${id}`),
        },
        {
          ...{ id: 'export windows', title: 'Export blackout windows as CSV', hint: `run ${id}` },
          run: () =>
            table(
              `run ${id} windows`,
              `SELECT * FROM blackout_window WHERE run_id = ${id} ORDER BY policy, lane, start_ns`,
            ),
        },
        {
          ...{ id: 'delete run', title: `Delete run ${id}`, hint: 'can be undone' },
          run: () => void tidy.remove({ runs: [id] }),
        },
      );
    }
    if (removed.captures.length + removed.runs.length)
      list.push(
        {
          ...{ id: 'restore', title: 'Restore what was deleted', hint: chosenWords(removed) },
          run: () => void tidy.restore(removed),
        },
        {
          ...{ id: 'free', title: 'Delete for good, free the space', hint: chosenWords(removed) },
          run: () => void tidy.freeSpace(),
        },
      );
    list.push(
      ...runs
        .map((r) => ({
          ...{ id: `run ${r.id}`, title: r.name ? `run ${r.id}: ${r.name}` : `run ${r.id}`, hint: r.command },
          run: go({ run: r.id }),
        }))
        .toReversed(),
      ...policies.map((p) => ({
        ...{ id: `policy ${p}`, title: p, hint: `policy of run ${shown!.id}` },
        run: go({ policy: p, run: shown!.id }),
      })),
      ...(lab.captures ?? []).map((c) => ({
        ...{ id: `capture ${c.id}`, title: c.name, hint: c.kind === 'spe' ? 'SPE capture' : 'KVM trace' },
        run: go({ view: 'captures', capture: c.id }),
      })),
      {
        ...{ id: 'range', title: 'Show all of the time, and all vCPUs', hint: 'clears what narrows the views down' },
        run: go({
          ...{ from: undefined, to: undefined, lanes: undefined, lane: undefined, window: undefined },
          ...{ kind: undefined, cause: undefined },
        }),
      },
    );
    return list;
  });
}
