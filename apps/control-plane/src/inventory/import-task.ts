/**
 * Runs one import: read, checked as a whole, then applied item by item.
 *
 * I2 A file with anything wrong in it changes nothing: every problem is listed, the import has FAILED.
 * I3 An item that cannot be applied is listed and passed over; the others are applied. The import has FAILED
 *    if there was one. What is kept without effect is a warning, listed behind the errors.
 * I4 After a restart it goes on at the first item that is not done, if the file is still the same.
 */
import { createHash } from 'node:crypto';
import { ApiError } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { listNetworks } from '../ec2/networks.ts';
import type { Service } from '../service.ts';
import {
  appendTaskError,
  type Counted,
  type ImportRecord,
  saveTask,
  type TaskError,
} from '../store/inventory-tasks.ts';
import { applyItem, type Effect } from './apply-item.ts';
import type { CsvProblem } from './csv.ts';
import { type PlanItem, planInventory } from './inventory-plan.ts';
import { readInventory, warningsOf } from './inventory-rows.ts';
import { decodeInventory } from './inventory-text.ts';

export const IMPORT_BYTES_MAX = 16 * 1024 * 1024;
const ERRORS_MAX = 1000;
const WARNINGS_MAX = 500;

const COUNTED = { WAVE: 'waves', APPLICATION: 'applications', SERVER: 'servers' } as const;

export async function runImport(
  service: Service,
  task: ImportRecord,
  signal: AbortSignal,
): Promise<ImportRecord> {
  const bytes = await readFile(service, task);
  const decoded = decodeInventory(bytes);
  if (!decoded.ok) return refuseFile(service, task, [decoded.problem]);
  const { rows, problems } = readInventory(decoded.text, service.facts);
  const plan = planInventory(rows);
  const wrong = [...problems, ...(problems.length === 0 ? plan.problems : [])];
  if (wrong.length > 0) return refuseFile(service, task, wrong);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (task.sha256 !== undefined && task.sha256 !== sha256) throw fileChanged(task);
  let current: ImportRecord = { ...task, status: 'STARTED', sha256, total: plan.items.length };
  await service.store.transaction((tx) => saveTask(tx, current));
  const networkNames = (await listNetworks(service)).map(({ name }) => name);
  for (const item of plan.items.slice(task.done)) {
    signal.throwIfAborted();
    current = await runItem(service, current, item, networkNames);
  }
  return warn(service, current, warningsOf(rows));
}

/** Behind the errors, once also after a restart. What has no type is no error. */
async function warn(
  { store, clock }: Service,
  task: ImportRecord,
  warnings: readonly CsvProblem[],
): Promise<ImportRecord> {
  if (task.isWarned === true || warnings.length === 0) return task;
  const warned: ImportRecord = { ...task, isWarned: true };
  const left = warnings.length - WARNINGS_MAX;
  const more = left > 0 ? [`warning: the same of ${left} more rows, which are not listed`] : [];
  await store.transaction(async (tx) => {
    const atMs = clock.nowMs();
    for (const { rowNumber, message } of warnings.slice(0, WARNINGS_MAX)) {
      await appendTaskError(tx, task.taskId, { atMs, rowNumber, rawError: message });
    }
    for (const rawError of more) await appendTaskError(tx, task.taskId, { atMs, rawError });
    await saveTask(tx, warned);
  });
  return warned;
}

async function readFile({ objects }: Service, task: ImportRecord): Promise<Buffer> {
  const bytes = await objects.read({ bucket: task.bucket, key: task.key }, IMPORT_BYTES_MAX);
  if (bytes !== undefined) return bytes;
  throw new OperationError('OBJECT_MISSING', `there is no object ${task.key} in the bucket ${task.bucket}`, {
    hint: 'put the file there and import it again',
  });
}

async function refuseFile(
  { store, clock }: Service,
  task: ImportRecord,
  problems: readonly { readonly rowNumber: number; readonly message: string }[],
): Promise<ImportRecord> {
  const failed: ImportRecord = { ...task, hasErrors: true };
  await store.transaction(async (tx) => {
    for (const { rowNumber, message } of problems.slice(0, ERRORS_MAX)) {
      const atMs = clock.nowMs();
      await appendTaskError(tx, task.taskId, {
        atMs,
        type: 'VALIDATION_ERROR',
        rowNumber,
        rawError: message,
      });
    }
    await saveTask(tx, failed);
  });
  return failed;
}

/** I1, I3 */
async function runItem(
  service: Service,
  task: ImportRecord,
  item: PlanItem,
  networkNames: readonly string[],
): Promise<ImportRecord> {
  const { store } = service;
  try {
    return await store.transaction(async (tx) => {
      const work = { service, tx, networkNames, askedBy: task.askedBy };
      const next = counted(task, item, await applyItem(work, item));
      await saveTask(tx, next);
      return next;
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const next: ImportRecord = { ...task, done: task.done + 1, hasErrors: true };
    await store.transaction(async (tx) => {
      await appendTaskError(tx, task.taskId, itemError(service, item, error.message));
      await saveTask(tx, next);
    });
    return next;
  }
}

function counted(task: ImportRecord, { kind }: PlanItem, effect: Effect): ImportRecord {
  const name = COUNTED[kind];
  const before: Counted = task[name];
  const after = {
    created: before.created + (effect === 'CREATED' ? 1 : 0),
    modified: before.modified + (effect === 'MODIFIED' ? 1 : 0),
  };
  return { ...task, done: task.done + 1, [name]: after };
}

function itemError({ clock }: Service, { kind, rowNumber, facts }: PlanItem, rawError: string): TaskError {
  const error = { atMs: clock.nowMs(), type: 'PROCESSING_ERROR', rowNumber, rawError } as const;
  if (facts.id === undefined) return error;
  if (kind === 'WAVE') return { ...error, waveId: facts.id };
  return kind === 'APPLICATION'
    ? { ...error, applicationId: facts.id }
    : { ...error, sourceServerId: facts.id };
}

function fileChanged({ bucket, key }: ImportRecord): OperationError {
  const message = `${bucket}/${key} was changed while it was imported`;
  return new OperationError('OBJECT_CHANGED', message, { hint: 'import it again' });
}
