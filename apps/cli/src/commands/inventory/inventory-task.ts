/** Imports and exports as tasks: how they are shown, and followed to their end. */
import type { Mgn } from '@landfall/api';
import { OperationError, systemClock } from '@landfall/runtime';
import { etaMs } from '../../terminal/eta.ts';
import { type Output, showRows } from '../../terminal/output.ts';
import type { ProgressState } from '../../terminal/progress.ts';
import type { Column } from '../../terminal/table.ts';
import { waitForEnd } from '../../terminal/waiting.ts';
import type { Context } from '../context.ts';
import { listItems } from '../listing.ts';

type Task = Pick<Mgn.ExportTask, 'status' | 'progressPercentage' | 'creationDateTime' | 'endDateTime'>;

const PROGRESS: readonly Column<Task>[] = [
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'DONE', value: ({ progressPercentage }) => `${progressPercentage ?? 0} %` },
  { title: 'BEGAN', value: ({ creationDateTime }) => creationDateTime },
  { title: 'ENDED', value: ({ endDateTime }) => endDateTime },
];

export const IMPORT_COLUMNS: readonly Column<Mgn.ImportTask>[] = [
  { title: 'ID', value: ({ importID }) => importID },
  { title: 'FILE', value: ({ s3BucketSource }) => `${s3BucketSource?.s3Bucket}/${s3BucketSource?.s3Key}` },
  ...PROGRESS,
  { title: 'WAVES', value: ({ summary }) => countText(summary?.waves) },
  { title: 'APPLICATIONS', value: ({ summary }) => countText(summary?.applications) },
  { title: 'SERVERS', value: ({ summary }) => countText(summary?.servers) },
];

export const EXPORT_COLUMNS: readonly Column<Mgn.ExportTask>[] = [
  { title: 'ID', value: ({ exportID }) => exportID },
  { title: 'FILE', value: ({ s3Bucket, s3Key }) => `${s3Bucket}/${s3Key}` },
  ...PROGRESS,
  { title: 'WAVES', value: ({ summary }) => summary?.wavesCount },
  { title: 'APPLICATIONS', value: ({ summary }) => summary?.applicationsCount },
  { title: 'SERVERS', value: ({ summary }) => summary?.serversCount },
];

function countText(counts: Mgn.ImportTaskSummaryServers | undefined): string {
  return `+${counts?.createdCount ?? 0} ~${counts?.modifiedCount ?? 0}`;
}

/** Shows an import that has begun, at once or when it has ended. Errors: INVENTORY_FAILED. */
export async function showImport(
  context: Context,
  task: Mgn.ImportTask | undefined,
  wait: boolean,
): Promise<void> {
  if (wait) return watchImport(context, task?.importID ?? '');
  showRows(context.output, task === undefined ? [] : [task], IMPORT_COLUMNS, '');
}

/** Errors: INVENTORY_FAILED. */
export async function watchImport({ client, output }: Context, importID: string): Promise<void> {
  const filters = { importIDs: [importID] };
  const ask = async () =>
    (await client.mgn('ListImports', { filters })).items?.[0] ?? Promise.reject(gone(importID));
  const ended = await untilEnded<Mgn.ImportTask>({ kind: 'import', id: importID, ask }, output);
  showRows(output, [ended], IMPORT_COLUMNS, '');
  const listed = await listItems(client, 'ListImportErrors', { importID }, {});
  const errors = listed.filter(({ errorType }) => errorType !== undefined);
  if (listed.length > errors.length) {
    const count = listed.length - errors.length;
    output.err(`${count} warnings: \`landfall import errors ${importID}\` lists them\n`);
  }
  if (ended.status === 'SUCCEEDED') return;
  const [first] = errors;
  const where = first?.errorData?.rowNumber === undefined ? '' : `row ${first.errorData.rowNumber}: `;
  const message = `${importID} failed with ${errors.length} errors; ${where}${first?.errorData?.rawError ?? ''}`;
  throw new OperationError('INVENTORY_FAILED', message, {
    hint: `\`landfall import errors ${importID}\` lists them all; mend the file and import it again`,
  });
}

/** Errors: INVENTORY_FAILED. */
export async function watchExport(context: Context, exportID: string): Promise<void> {
  showRows(context.output, [await untilExported(context, exportID)], EXPORT_COLUMNS, '');
}

/** Errors: INVENTORY_FAILED. */
export async function untilExported({ client, output }: Context, exportID: string): Promise<Mgn.ExportTask> {
  const filters = { exportIDs: [exportID] };
  const ask = async () =>
    (await client.mgn('ListExports', { filters })).items?.[0] ?? Promise.reject(gone(exportID));
  const ended = await untilEnded<Mgn.ExportTask>({ kind: 'export', id: exportID, ask }, output);
  if (ended.status === 'SUCCEEDED') return ended;
  const { items = [] } = await client.mgn('ListExportErrors', { exportID });
  const reason = items[0]?.errorData?.rawError ?? 'no reason was given';
  throw new OperationError('INVENTORY_FAILED', `${exportID} failed: ${reason}`, {
    hint: 'mend the cause and export again',
  });
}

function untilEnded<Ended extends Task>(
  { kind, id, ask }: { readonly kind: string; readonly id: string; readonly ask: () => Promise<Ended> },
  output: Output,
): Promise<Ended> {
  return waitForEnd<Ended>(
    {
      what: `${kind} ${id}`,
      follow: `landfall ${kind} watch ${id}`,
      ask,
      isEnded: ({ endDateTime }) => endDateTime !== undefined,
      progressOf: taskProgress,
    },
    output,
  );
}

function taskProgress({ status, progressPercentage, creationDateTime = '' }: Task): ProgressState {
  const label = status ?? 'PENDING';
  if (progressPercentage === undefined) return { label };
  const fraction = progressPercentage / 100;
  const times = { startedAtMs: Date.parse(creationDateTime), nowMs: systemClock.nowMs(), fraction };
  return { label, fraction, ...etaMs(times) };
}

function gone(id: string): OperationError {
  return new OperationError('INVENTORY_FAILED', `there is no ${id}`, {
    hint: '`landfall import list` and `landfall export list` show what there is',
  });
}
