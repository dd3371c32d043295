/** `landfall import --file …` and `landfall export --to …`: a file of this machine, through the API. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { FileTarget } from '../../files/file-target.ts';
import { showFacts } from '../../terminal/output.ts';
import { type Context, contextOf } from '../context.ts';
import { addWaitOptions, type WaitOptions } from '../options.ts';
import { showImport, untilExported } from './inventory-task.ts';
import { inventoryText, uploadKey } from './inventory-upload.ts';

const BUCKET = 'inventory';

interface UploadOptions extends WaitOptions {
  readonly file: string;
  readonly bucket: string;
  readonly key?: string;
}

/** Errors: INVENTORY_FILE_UNUSABLE. */
export function addUpload(command: Command): void {
  const upload = command
    .command('upload', { isDefault: true })
    .description('import a CSV file of this machine; exit code 1 when not all of it was applied')
    .requiredOption('--file <path>', 'the file')
    .option('--bucket <name>', 'where the control plane keeps it', BUCKET)
    .option('--key <key>', 'and under what name; by default one with the time and the name of the file');
  addWaitOptions(upload, true).action(async (options: UploadOptions, self: Command) => {
    const { file, bucket, wait = true } = options;
    const content = inventoryText(file, await readBytes(file));
    const key = options.key ?? uploadKey(basename(file), systemClock.nowMs());
    const context = await contextOf(self);
    await context.client.landfall('PutInventoryFile', { bucketName: bucket, key, content });
    const s3BucketSource = { s3Bucket: bucket, s3Key: key };
    const { importTask } = await context.client.mgn('StartImport', { s3BucketSource });
    await showImport(context, importTask, wait);
  });
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new OperationError('INVENTORY_FILE_UNUSABLE', `${path} cannot be read`, {
      hint: 'check its path and permissions',
      cause,
    });
  }
}

interface DownloadOptions {
  readonly to: string;
  readonly of?: string;
  readonly force?: boolean;
}

/** Errors: FILES_TARGET_EXISTS, FILES_TARGET_UNUSABLE, INVENTORY_FAILED. */
export function addDownload(command: Command): void {
  command
    .command('download', { isDefault: true })
    .description('export to a CSV file of this machine, or fetch the file of an export there was')
    .requiredOption('--to <path>', 'the file')
    .option('--of <exportID>', 'of this export, instead of a new one')
    .option('--force', 'replace what is there')
    .action(async ({ to, of, force = false }: DownloadOptions, self: Command) => {
      const target = new FileTarget(to, force);
      await target.check();
      const context = await contextOf(self);
      const exported = await untilExported(context, of ?? (await startExport(context)));
      const { s3Bucket: bucketName = BUCKET, s3Key: key = '' } = exported;
      const { content, sizeBytes } = await context.client.landfall('GetInventoryFile', { bucketName, key });
      await writeWhole(target, content);
      showFacts(context.output, { ...exported, path: target.path, sizeBytes }, [
        ['export', exported.exportID],
        ['written to', target.path],
        ['bytes', sizeBytes],
      ]);
    });
}

async function writeWhole(target: FileTarget, content: string): Promise<void> {
  try {
    const file = await target.createFile();
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await target.complete();
  } finally {
    await target.release();
  }
}

async function startExport({ client }: Context): Promise<string> {
  const s3Key = `exports/${new Date(systemClock.nowMs()).toISOString().replaceAll(':', '-')}.csv`;
  const { exportTask } = await client.mgn('StartExport', { s3Bucket: BUCKET, s3Key });
  return exportTask?.exportID ?? '';
}
