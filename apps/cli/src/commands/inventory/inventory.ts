/** `landfall import …` and `landfall export …`: the inventory as a file in a bucket of the control plane. */
import type { Mgn } from '@landfall/api';
import type { Command } from 'commander';
import { showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';
import { addWaitOptions, type WaitOptions } from '../options.ts';
import { addDownload, addUpload } from './inventory-file.ts';
import { EXPORT_COLUMNS, IMPORT_COLUMNS, showImport, watchExport, watchImport } from './inventory-task.ts';

const EXPORT_ERROR_COLUMNS: readonly Column<Mgn.ExportTaskError>[] = [
  { title: 'TIME', value: ({ errorDateTime }) => errorDateTime },
  { title: 'ERROR', value: ({ errorData }) => errorData?.rawError },
];

const IMPORT_ERROR_COLUMNS: readonly Column<Mgn.ImportTaskError>[] = [
  { title: 'ROW', value: ({ errorData }) => errorData?.rowNumber },
  { title: 'KIND', value: ({ errorType }) => errorType ?? 'WARNING' },
  { title: 'ERROR', value: ({ errorData }) => errorData?.rawError },
];

export function addInventoryCommands(program: Command): void {
  addImportCommands(program.command('import').description('waves, applications and servers from a CSV file'));
  addExportCommands(program.command('export').description('waves, applications and servers to a CSV file'));
}

function addImportCommands(command: Command): void {
  addUpload(command);
  const start = command
    .command('start <bucket> <key>')
    .description(
      'import KEY of a bucket: at the S3 endpoint if there is one, or buckets/BUCKET/KEY of the state folder',
    );
  addWaitOptions(start, true).action(
    async (s3Bucket: string, s3Key: string, { wait = true }: WaitOptions, self: Command) => {
      const context = await contextOf(self);
      const { importTask } = await context.client.mgn('StartImport', { s3BucketSource: { s3Bucket, s3Key } });
      await showImport(context, importTask, wait);
    },
  );
  addListing(command.command('list'), 'ListImports')
    .description('list imports, newest first')
    .action(async (options: ListOptions, self: Command) => {
      const { client, output } = await contextOf(self);
      const imports = await listItems(client, 'ListImports', {}, options);
      showRows(
        output,
        imports,
        IMPORT_COLUMNS,
        'No imports yet. `landfall import --file FILE.csv` begins one.',
      );
    });
  command
    .command('watch <importID>')
    .description('follow an import to its end')
    .action(async (importID: string, _options: unknown, self: Command) =>
      watchImport(await contextOf(self), importID),
    );
  addListing(command.command('errors <importID>'), 'ListImportErrors')
    .description('what was wrong with the file, could not be applied, or was kept without effect')
    .action(async (importID: string, options: ListOptions, self: Command) => {
      const { client, output } = await contextOf(self);
      const errors = await listItems(client, 'ListImportErrors', { importID }, options);
      showRows(output, errors, IMPORT_ERROR_COLUMNS, 'No errors.');
    });
}

function addExportCommands(command: Command): void {
  addDownload(command);
  const start = command
    .command('start <bucket> <key>')
    .description(
      'export to KEY of a bucket: at the S3 endpoint if there is one, or buckets/BUCKET/KEY of the state folder',
    );
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
      showRows(
        output,
        exports,
        EXPORT_COLUMNS,
        'No exports yet. `landfall export --to FILE.csv` begins one.',
      );
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
