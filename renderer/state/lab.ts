/** The lab in view: the connection's state, and the host's latest answers. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Client, RequestOptions } from '../../core/contract/client.ts';
import { ServiceError } from '../../core/contract/client.ts';
import type { Capture, LabInfo, Method, Params, Result, Run } from '../../core/contract/contract.ts';
import { createConnection, firstAnswers } from '../connection.ts';
import type { DesktopRequest, FirstAnswers } from '../connection.ts';

export type LabState = 'connecting' | 'connected' | 'no-lab' | 'refused' | 'lost';

export const useLab = defineStore('lab', () => {
  const state = ref<LabState>('connecting');
  /** Why the connection was lost, or what the host said it couldn't do. */
  const problem = ref<string>();
  const info = shallowRef<LabInfo>();
  const captures = shallowRef<readonly Capture[]>();
  const runs = shallowRef<readonly Run[]>();
  let client: Client | undefined;
  let onDesktop: ((message: DesktopRequest) => void) | undefined;

  const connection = createConnection({
    connected(mine, first) {
      client = mine;
      state.value = 'connected';
      mine.onChange(() => void load(mine, firstAnswers(mine)));
      void load(mine, first);
    },
    noLab: () => {
      state.value = 'no-lab';
    },
    refused: () => {
      state.value = 'refused';
    },
    lost: (reason) => {
      state.value = 'lost';
      problem.value = reason;
    },
    desktop: (message) => onDesktop?.(message),
  });

  /** The old content stays until the new answers arrive; answers from an earlier connection are dropped. */
  async function load(from: Client, asked: FirstAnswers): Promise<void> {
    try {
      const answers = await asked;
      if (from !== client) return;
      [info.value, captures.value, runs.value] = answers;
      problem.value = undefined;
    } catch (error) {
      if (from === client && state.value === 'connected') problem.value = (error as Error).message;
    }
  }

  function connect(): void {
    state.value = 'connecting';
    problem.value = undefined;
    connection.connect();
  }

  /** After a request failed, or the connection was lost. */
  function retry(): void {
    if (state.value === 'connected' && client) void load(client, firstAnswers(client));
    else connect();
  }

  /** Asks the host; rejects with a ServiceError, also while there is no connection. */
  function request<M extends Method>(method: M, params: Params<M>, options?: RequestOptions): Promise<Result<M>> {
    if (!client) return Promise.reject(new ServiceError('gone', 'not connected to a lab'));
    return client.request(method, params, options);
  }

  /** The desktop app's requests to the page go to `listener`: set it before connecting. */
  function serveDesktop(listener: (message: DesktopRequest) => void): void {
    onDesktop = listener;
  }

  const loading = computed(() => !problem.value && captures.value === undefined);

  const { openLab } = connection;
  return { state, problem, info, captures, runs, loading, connect, retry, request, serveDesktop, openLab };
});
