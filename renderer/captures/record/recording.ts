/** A recording from a board: what is requested, what the board has, its progress. It continues whatever view is shown. */
import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef } from 'vue';
import { ServiceError } from '../../../core/contract/client.ts';
import type { BoardCheck, BoardsAnswer, RecordJob, RecordProgress } from '../../../core/contract/board.ts';
import { useJobs } from '../../state/jobs.ts';
import { useLab } from '../../state/lab.ts';
import { useSelection } from '../../state/selection.ts';

export interface RecordForm {
  host: string;
  guest: string;
  direct: boolean;
  sudo: boolean;
  seconds: number;
  mib: number;
  pageTables: boolean;
  /** Empty: whatever is running anyway. */
  command: string;
  monitor: string;
  vmm: number | '';
  period: number | '';
  replay: boolean;
}

export const useRecording = defineStore('recording', () => {
  const lab = useLab();
  const jobs = useJobs();
  const selection = useSelection();
  const form = reactive<RecordForm>({
    ...{ host: '', guest: '', direct: false, sudo: false, seconds: 10, mib: 512, pageTables: false },
    ...{ command: '', monitor: '', vmm: '', period: '', replay: true },
  });
  const boards = shallowRef<BoardsAnswer>();
  const checks = shallowRef<readonly BoardCheck[]>();
  const checking = ref(false);
  const live = shallowRef<RecordProgress>();
  const running = ref(false);
  const stopping = ref(false);
  const problem = ref<string>();

  async function load(): Promise<void> {
    boards.value = await lab.request('boards', {});
  }

  const places = () => ({
    host: form.host.trim(),
    ...(form.guest.trim() && { guest: form.guest.trim(), direct: form.direct }),
    ...(form.sudo && { sudo: true }),
  });

  async function check(): Promise<void> {
    checking.value = true;
    problem.value = undefined;
    checks.value = undefined;
    try {
      checks.value = (await lab.request('boardCheck', places())).checks;
      await load();
    } catch (error) {
      problem.value = (error as Error).message;
    } finally {
      checking.value = false;
    }
  }

  const request = (): RecordJob => ({
    ...places(),
    seconds: form.seconds,
    mib: form.mib,
    replay: form.replay,
    ...(form.pageTables && { pageTables: true }),
    ...(form.monitor.trim() && { monitor: form.monitor.trim() }),
    ...(form.vmm !== '' && { vmm: form.vmm }),
    ...(form.period !== '' && { period: form.period }),
    ...(form.command.trim() && { command: ['sh', '-c', form.command] }),
  });

  async function record(): Promise<void> {
    running.value = true;
    stopping.value = false;
    problem.value = undefined;
    live.value = undefined;
    try {
      const wanted = request();
      const done = await jobs.track(
        `Record from ${wanted.host}`,
        (hooks) =>
          lab.request('record', wanted, {
            signal: hooks.signal,
            onProgress: (progress) => {
              hooks.onProgress(progress);
              // Import and replay have no such state.
              live.value = (progress.soFar as RecordProgress | undefined) ?? live.value;
            },
          }),
        true,
      );
      const here = selection.current.view === 'captures' && selection.current.part === 'record';
      // A user who has moved on in the meantime stays there.
      if (here && done.run !== undefined) selection.select({ view: 'timeline', run: done.run, part: undefined });
      else if (here) selection.select({ capture: done.captures[0], part: undefined });
    } catch (error) {
      const cancelled = error instanceof ServiceError && error.code === 'cancelled';
      problem.value = cancelled ? 'Given up: nothing was kept.' : (error as Error).message;
    } finally {
      running.value = false;
      void load().catch(() => undefined);
    }
  }

  async function stop(): Promise<void> {
    stopping.value = true;
    try {
      await lab.request('stopRecording', {});
    } catch (error) {
      problem.value = (error as Error).message;
    }
  }

  /** Hosts to choose from, last used first. */
  const hosts = computed(() => [...new Set([...(boards.value?.recent ?? []), ...(boards.value?.configured ?? [])])]);
  return { form, boards, hosts, checks, checking, live, running, stopping, problem, load, check, record, stop };
});
