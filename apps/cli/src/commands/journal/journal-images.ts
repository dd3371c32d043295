/** `landfall journal export|import`: recovery points as image files, and images as the first copy. */
import { join } from 'node:path';
import { parseKeySource, wrappingKeysOf } from '@landfall/journal';
import {
  createLogger,
  formatBytes,
  OperationError,
  systemClock,
  terminationRequest,
} from '@landfall/runtime';
import type { Command } from 'commander';
import { type ExportedImage, exportImages } from '../../images/export-images.ts';
import { FolderTransfers } from '../../images/folder-transfers.ts';
import { IMAGE_FORMATS, parseImageFormat, selectDisks } from '../../images/image-format.ts';
import { importImages, inspectImages, parseImageOfDisk } from '../../images/import-images.ts';
import { ServiceTransfers } from '../../images/service-transfers.ts';
import type { OpenExport, Transfers } from '../../images/transfer.ts';
import { type Output, showFacts } from '../../terminal/output.ts';
import { Progress } from '../../terminal/progress.ts';
import { contextOf, findServerId, outputOf, stateDirOf } from '../context.ts';

interface WhereOptions {
  readonly folder?: string;
  readonly encryptionKey?: readonly string[];
}

interface ExportOptions extends WhereOptions {
  readonly point: string;
  readonly disk: readonly string[];
  readonly format: string;
  readonly to: string;
  readonly compress?: boolean;
}

interface ImportOptions extends WhereOptions {
  readonly disk: readonly string[];
}

const FOLDER_HELP = 'the folder of the journal, while no replication server has it open, instead of SERVER';
const KEY_HELP = 'with --folder: keys of the replica, file:PATH, env:NAME or command:PATH';

export function addJournalImageCommands(journal: Command): void {
  journal
    .command('export [server]')
    .description('the disks of a server at a recovery point, as image files, one a disk')
    .requiredOption('--format <format>', IMAGE_FORMATS.join(', '))
    .requiredOption('--to <folder>', 'where the images are written; nothing is overwritten')
    .option('--point <point>', 'latest, an epoch, or a time (the last point at or before it)', 'latest')
    .option('--disk <device...>', 'only these disks', [])
    .option('--compress', 'qcow2 and vmdk only')
    .option('--folder <folder>', FOLDER_HELP)
    .option('--encryption-key <source...>', KEY_HELP)
    .action(runExport);
  journal
    .command('import [server]')
    .description('fill the first copy of a server from images, so that only the difference is sent')
    .requiredOption(
      '--disk <device=image...>',
      `which image is of which disk; ${IMAGE_FORMATS.join(', ')} are told apart`,
    )
    .option('--folder <folder>', FOLDER_HELP)
    .option('--encryption-key <source...>', KEY_HELP)
    .action(runImport);
}

async function runExport(server: string | undefined, options: ExportOptions, command: Command) {
  const output = outputOf(command);
  const format = parseImageFormat(options.format);
  const transfers = await transfersOf(server, options, command);
  const signal = stopSignal();
  const progress = new Progress(output, () => systemClock.nowMs());
  const at = pointSelector(options.point);
  await transfers.withExport(at, async (opened) => {
    const disks = selectDisks(opened.disks, options.disk);
    const what = { server: opened.server, epoch: opened.point.epoch, disks, folder: options.to, format };
    const images = await exportImages({ ...what, compress: options.compress === true, signal, progress });
    showExport(output, opened, images, format);
  });
}

async function runImport(server: string | undefined, options: ImportOptions, command: Command) {
  const output = outputOf(command);
  const images = await inspectImages(options.disk.map(parseImageOfDisk));
  const transfers = await transfersOf(server, options, command);
  const signal = stopSignal();
  const progress = new Progress(output, () => systemClock.nowMs());
  const { sourceServerID, imported } = await transfers.withSeed(async (opened) => ({
    sourceServerID: opened.server,
    imported: await importImages({ images, disks: opened.disks, signal, progress }),
  }));
  showFacts(output, { sourceServerID, images: imported }, [
    ['server', sourceServerID],
    ...imported.map(({ deviceName, path, format, imageSizeBytes }): [string, unknown] => [
      deviceName,
      `${path} (${format}, ${formatBytes(imageSizeBytes)})`,
    ]),
    ['next', 'the agent compares its disks with it and sends the difference'],
  ]);
}

function showExport(
  output: Output,
  { server, point }: OpenExport,
  images: readonly ExportedImage[],
  format: string,
): void {
  showFacts(output, { sourceServerID: server, ...point, format, images }, [
    ['server', server],
    ['point', `epoch ${point.epoch} of ${point.cutDateTime} (${point.consistency})`],
    ...images.map(({ deviceName, path, sizeBytes, bytesOnDisk }): [string, unknown] => [
      deviceName,
      `${path} (${formatBytes(bytesOnDisk)} for ${formatBytes(sizeBytes)})`,
    ]),
  ]);
}

/** Errors: OPTION_INVALID unless exactly one of both is given. */
async function transfersOf(
  server: string | undefined,
  { folder, encryptionKey }: WhereOptions,
  command: Command,
): Promise<Transfers> {
  if ((server === undefined) === (folder === undefined))
    throw new OperationError('OPTION_INVALID', 'name a server, or a journal with --folder, not both', {
      hint: 'see --help',
    });
  if (folder !== undefined) {
    const key = `file:${join(stateDirOf(command), 'replication-server/encryption.key')}`;
    const wrapping = wrappingKeysOf((encryptionKey ?? [key]).map(parseKeySource), process.env);
    const logger = createLogger({ program: 'journal', level: 'warn' });
    return new FolderTransfers({ folder, encryption: { wrapping }, logger });
  }
  const { client, output } = await contextOf(command);
  const id = await findServerId(client, server ?? '');
  return new ServiceTransfers(client, id, (line) => output.err(`${line}\n`));
}

/** As the service wants it: `latest`, `42` and `epoch:42` are for people. */
function pointSelector(text: string): string {
  if (/^latest$/i.test(text)) return 'LATEST';
  return /^[0-9]{1,15}$/.test(text) ? `epoch:${text}` : text;
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  void terminationRequest().then(() => stop.abort());
  return stop.signal;
}
