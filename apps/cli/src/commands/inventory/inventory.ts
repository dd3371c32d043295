/** `landfall import …` and `landfall export …`: the inventory as a file in a bucket of the control plane. */
import type { Mgn } from '@landfall/api';
import { OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { etaMs } from '../../terminal/eta.ts';
import { type Output, showRows } from '../../terminal/output.ts';
import type { ProgressState } from '../../terminal/progress.ts';
import type { Column } from '../../terminal/table.ts';
import { waitForEnd } from '../../terminal/waiting.ts';
import { type Context, contextOf } from '../context.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';
import { addWaitOptions, type WaitOptions } from '../options.ts';

type Task = Pick<Mgn.ExportTask, 'status' | 'progressPercentage' | 'creationDateTime' | 'endDateTime'>;

const PROGRESS: readonly Column<Task>[] = [
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'DONE', value: ({ progressPercentage }) => `${progressPercentage ?? 0} %` },
  { title: 'BEGAN', value: ({ creationDateTime }) => creationDateTime },
  { title: 'ENDED', value: ({ endDateTime }) => endDateTime },
];

const IMPORT_COLUMNS: readonly Column<Mgn.ImportTask>[] = [
  { title: 'ID', value: ({ importID }) => importID },
  { title: 'FILE', value: ({ s3BucketSource }) => `${s3BucketSource?.s3Bucket}/${s3BucketSource?.s3Key}` },
  ...PROGRESS,
  { title: 'WAVES', value: ({ summary }) => countText(summary?.waves) },
  { title: 'APPLICATIONS', value: ({ summary }) => countText(summary?.applications) },
  { title: 'SERVERS', value: ({ summary }) => countText(summary?.servers) },
];

const EXPORT_COLUMNS: readonly Column<Mgn.ExportTask>[] = [
  { title: 'ID', value: ({ exportID }) => exportID },
  { title: 'FILE', value: ({ s3Bucket, s3Key }) => `${s3Bucket}/${s3Key}` },
  ...PROGRESS,
  { title: 'WAVES', value: ({ summary }) => summary?.wavesCount },
  { title: 'APPLICATIONS', value: ({ summary }) => summary?.applicationsCount },
  { title: 'SERVERS', value: ({ summary }) => summary?.serversCount },
];

const EXPORT_ERROR_COLUMNS: readonly Column<Mgn.ExportTaskError>[] = [
  { title: 'TIME', value: ({ errorDateTime }) => errorDateTime },
  { title: 'ERROR', value: ({ errorData }) => errorData?.rawError },
];

const IMPORT_ERROR_COLUMNS: readonly Column<Mgn.ImportTaskError>[] = [
  { title: 'ROW', value: ({ errorData }) => errorData?.rowNumber },
  { title: 'KIND', value: ({ errorType }) => errorType },
  { title: 'ERROR', value: ({ errorData }) => errorData?.rawError },
];

function countText(counts: Mgn.ImportTaskSummaryServers | undefined): string {
  return `+${counts?.createdCount ?? 0} ~${counts?.modifiedCount ?? 0}`;
}

export function addInventoryCommands(program: Command): void {
  addImportCommands(program.command('import').description('waves, applications and servers from a CSV file'));
  addExportCommands(program.command('export').description('waves, applications and servers to a CSV file'));
}

function addImportCommands(command: Command): void {
  const start = command
    .command('start <bucket> <key>')
    .description('import buckets/BUCKET/KEY of the state folder; exit code 1 when not all of it was applied');
  addWaitOptions(start, true).action(
    async (s3Bucket: string, s3Key: string, { wait = true }: WaitOptions, self: Command) => {
      const context = await contextOf(self);
      const { importTask } = await context.client.mgn('StartImport', { s3BucketSource: { s3Bucket, s3Key } });
      if (wait) return watchImport(context, importTask?.importID ?? '');
      showRows(context.output, importTask === undefined ? [] : [importTask], IMPORT_COLUMNS, '');
    },
  );
  addListing(command.command('list'), 'ListImports')
    .description('list imports, newest first')
    .action(async (options: ListOptions, self: Command) => {
      const { client, output } = await contextOf(self);
      const imports = await listItems(client, 'ListImports', {}, options);
      showRows(output, imports, IMPORT_COLUMNS, 'No imports yet. `landfall import start` begins one.');
    });
  command
    .command('watch <importID>')
    .description('follow an import to its end')
    .action(async (importID: string, _options: unknown, self: Command) =>
      watchImport(await contextOf(self), importID),
    );
  addListing(command.command('errors <importID>'), 'ListImportErrors')
    .description('what was wrong with the file, or could not be applied')
    .action(async (importID: string, options: ListOptions, self: Command) => {
      const { client, output } = await contextOf(self);
      const errors = await listItems(client, 'ListImportErrors', { importID }, options);
      showRows(output, errors, IMPORT_ERROR_COLUMNS, 'No errors.');
    });
}

function addExportCommands(command: Command): void {
  const start = command
    .command('start <bucket> <key>')
    .description('export to buckets/BUCKET/KEY of the state folder');
  addWaitOptions(start, true).action(
    async (s3Bucket: string, s3Key: string, { wait = true }: WaitOptions, self: Command) => {
      const context = await contextOf(self);
      const { exportTask } = await context.client.mgn('StartExport', { s3Bucket, s3Key });
      if (wait) return watchExport(context, exportTask?.exportID ?? '');
      showRows(context.output, exportTask === undefined ? [] : [exportTask], EXPORT_COLUMNS, '');
    },
  );
  addListing(command.command('list'), 'ListExports')
    .description('list exports, newest first')
    .action(async (options: ListOptions, self: Command) => {
      const { client, output } = await contextOf(self);
      const exports = await listItems(client, 'ListExports', {}, options);
      showRows(output, exports, EXPORT_COLUMNS, 'No exports yet. `landfall export start` begins one.');
    });
  command
    .command('watch <exportID>')
    .description('follow an export to its end')
    .action(async (exportID: string, _options: unknown, self: Command) =>
      watchExport(await contextOf(self), exportID),
    );
  addListing(command.command('errors <exportID>'), 'ListExportErrors')
    .description('why an export failed')
    .action(async (exportID: string, options: ListOptions, self: Command) => {
      const { client, output } = await contextOf(self);
      const errors = await listItems(client, 'ListExportErrors', { exportID }, options);
      showRows(output, errors, EXPORT_ERROR_COLUMNS, 'No errors.');
    });
}

/** Errors: INVENTORY_FAILED. */
async function watchImport({ client, output }: Context, importID: string): Promise<void> {
  const filters = { importIDs: [importID] };
  const ask = async () =>
    (await client.mgn('ListImports', { filters })).items?.[0] ?? Promise.reject(gone(importID));
  const ended = await untilEnded<Mgn.ImportTask>({ kind: 'import', id: importID, ask }, output);
  showRows(output, [ended], IMPORT_COLUMNS, '');
  if (ended.status === 'SUCCEEDED') return;
  const errors = await listItems(client, 'ListImportErrors', { importID }, {});
  const [first] = errors;
  const where = first?.errorData?.rowNumber === undefined ? '' : `row ${first.errorData.rowNumber}: `;
  const message = `${importID} failed with ${errors.length} errors; ${where}${first?.errorData?.rawError ?? ''}`;
  throw new OperationError('INVENTORY_FAILED', message, {
    hint: `\`landfall import errors ${importID}\` lists them all; mend the file and import it again`,
  });
}

/** Errors: INVENTORY_FAILED. */
async function watchExport({ client, output }: Context, exportID: string): Promise<void> {
  const filters = { exportIDs: [exportID] };
  const ask = async () =>
    (await client.mgn('ListExports', { filters })).items?.[0] ?? Promise.reject(gone(exportID));
  const ended = await untilEnded<Mgn.ExportTask>({ kind: 'export', id: exportID, ask }, output);
  showRows(output, [ended], EXPORT_COLUMNS, '');
  if (ended.status === 'SUCCEEDED') return;
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
