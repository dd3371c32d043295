/** `landfall import …` and `landfall export …`: the inventory as a file in a bucket of the control plane. */
import type { ApiClient, Mgn } from '@landfall/api';
import { OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { patiently } from '../../patiently.ts';
import { type Column, showRows } from '../../terminal/output.ts';
import { contextOf } from '../context.ts';

const POLL_MS = 500;

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

const ERROR_COLUMNS: readonly Column<Mgn.ImportTaskError>[] = [
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
  command
    .command('start <bucket> <key>')
    .description('import buckets/BUCKET/KEY of the state folder, and wait for the end')
    .action(async (s3Bucket: string, s3Key: string, _options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      const { importTask } = await client.mgn('StartImport', { s3BucketSource: { s3Bucket, s3Key } });
      const importIDs = [importTask?.importID ?? ''];
      const ask = async () => (await client.mgn('ListImports', { filters: { importIDs } })).items?.[0];
      const ended = await untilEnded(ask);
      showRows(output, [ended], IMPORT_COLUMNS, '');
      if (ended.status !== 'SUCCEEDED') throw await inventoryFailed(client, ended);
    });
  command
    .command('list')
    .description('list imports, newest first')
    .action(async (_options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      const imports: Mgn.ImportTask[] = [];
      for await (const { items = [] } of client.mgnPages('ListImports', {})) imports.push(...items);
      showRows(output, imports, IMPORT_COLUMNS, 'No imports yet.');
    });
  command
    .command('errors <importID>')
    .description('what was wrong with the file, or could not be applied')
    .action(async (importID: string, _options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      showRows(output, await listErrors(client, importID), ERROR_COLUMNS, 'No errors.');
    });
}

function addExportCommands(command: Command): void {
  command
    .command('start <bucket> <key>')
    .description('export to buckets/BUCKET/KEY of the state folder, and wait for the end')
    .action(async (s3Bucket: string, s3Key: string, _options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      const { exportTask } = await client.mgn('StartExport', { s3Bucket, s3Key });
      const exportIDs = [exportTask?.exportID ?? ''];
      const ask = async () => (await client.mgn('ListExports', { filters: { exportIDs } })).items?.[0];
      const ended = await untilEnded(ask);
      showRows(output, [ended], EXPORT_COLUMNS, '');
      if (ended.status === 'SUCCEEDED') return;
      const { items = [] } = await client.mgn('ListExportErrors', { exportID: ended.exportID ?? '' });
      const reason = items[0]?.errorData?.rawError ?? 'no reason was given';
      throw new OperationError('INVENTORY_FAILED', `${ended.exportID} failed: ${reason}`, {
        hint: 'mend the cause and export again',
      });
    });
  command
    .command('list')
    .description('list exports, newest first')
    .action(async (_options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      const exports: Mgn.ExportTask[] = [];
      for await (const { items = [] } of client.mgnPages('ListExports', {})) exports.push(...items);
      showRows(output, exports, EXPORT_COLUMNS, 'No exports yet.');
    });
}

async function untilEnded<Ended extends Task>(ask: () => Promise<Ended | undefined>): Promise<Ended> {
  for (;;) {
    const task = await patiently(ask);
    if (task?.endDateTime !== undefined) return task;
    await systemClock.sleep(POLL_MS);
  }
}

async function listErrors(client: ApiClient, importID: string): Promise<Mgn.ImportTaskError[]> {
  const errors: Mgn.ImportTaskError[] = [];
  for await (const { items = [] } of client.mgnPages('ListImportErrors', { importID })) errors.push(...items);
  return errors;
}

async function inventoryFailed(
  client: ApiClient,
  { importID = '' }: Mgn.ImportTask,
): Promise<OperationError> {
  const errors = await listErrors(client, importID);
  const [first] = errors;
  const where = first?.errorData?.rowNumber === undefined ? '' : `row ${first.errorData.rowNumber}: `;
  const message = `${importID} failed with ${errors.length} errors; ${where}${first?.errorData?.rawError ?? ''}`;
  return new OperationError('INVENTORY_FAILED', message, {
    hint: `\`landfall import errors ${importID}\` lists them all; mend the file and import it again`,
  });
}
