/**
 * Imports and exports in the background, one after another in the order in which they were asked for.
 *
 * I5 What a former process left unfinished is run again; what was running when this one closes stays
 *    unfinished.
 * I6 A task that ends has said why when it FAILED: there is at least one error.
 */
import { type Clock, describeError, OperationError } from '@landfall/runtime';
import type { Service } from '../service.ts';
import {
  appendTaskError,
  findTask,
  type InventoryTask,
  listUnfinishedTasks,
  saveTask,
} from '../store/inventory-tasks.ts';
import { isStoreAway, STORE_AWAY_PAUSE_MS } from '../store/store-away.ts';
import { runExport } from './export-task.ts';
import { runImport } from './import-task.ts';

export interface InventoryRunner {
  /** Something was put into the store. */
  wake(service: Service): void;
  close(): Promise<void>;
}

export function createInventoryRunner(): InventoryRunner {
  const closing = new AbortController();
  let running: Promise<void> = Promise.resolve();
  return {
    wake: (service) => {
      running = running.then(() => runUnfinished(service, closing.signal));
    },
    close: async () => {
      closing.abort(
        new OperationError('SHUTTING_DOWN', 'the control plane is stopping', { retryable: true }),
      );
      await running;
    },
  };
}

/** A store that is away is waited for (I5). */
async function runUnfinished(service: Service, signal: AbortSignal): Promise<void> {
  try {
    for (const task of await listUnfinishedTasks(service.store.db)) {
      if (signal.aborted) return;
      await runTask(service, task, signal);
    }
  } catch (error) {
    if (signal.aborted) return;
    service.log.error('inventory-broken', { error });
    if (!isStoreAway(error)) return;
    await pause(service.clock, signal);
    await runUnfinished(service, signal);
  }
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(STORE_AWAY_PAUSE_MS, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function runTask(service: Service, task: InventoryTask, signal: AbortSignal): Promise<void> {
  const { store, clock, log } = service;
  try {
    const result =
      task.kind === 'IMPORT'
        ? await runImport(service, task, signal)
        : await runExport(service, task, signal);
    const status = result.kind === 'IMPORT' && result.hasErrors === true ? 'FAILED' : 'SUCCEEDED';
    await store.transaction((tx) => saveTask(tx, { ...result, status, endedAtMs: clock.nowMs() }));
    log.info('inventory-task-ended', { taskId: task.taskId, status });
  } catch (error) {
    if (signal.aborted) return;
    if (isStoreAway(error)) throw error;
    log.warn('inventory-task-failed', { taskId: task.taskId, error });
    await store.transaction(async (tx) => {
      const reached = (await findTask(tx, task.kind, task.taskId)) ?? task;
      const rawError = callerText(error);
      await appendTaskError(tx, task.taskId, { atMs: clock.nowMs(), type: 'PROCESSING_ERROR', rawError });
      await saveTask(tx, { ...reached, status: 'FAILED', endedAtMs: clock.nowMs() });
    });
  }
}

/** What is ours to tell; anything else would tell of folders and files of this machine. */
function callerText(error: unknown): string {
  return error instanceof OperationError ? describeError(error) : 'the file could not be read or written';
}
