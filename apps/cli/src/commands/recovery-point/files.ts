/** `landfall files …`: look into a recovery point, and take files and folders out of it. */
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ApiClient, Landfall } from '@landfall/api';
import { formatBytes, OperationError, systemClock, terminationRequest } from '@landfall/runtime';
import type { Command } from 'commander';
import { fetchFiles, received } from '../../files/fetch-files.ts';
import { LONG_COLUMNS, shortName } from '../../files/file-rows.ts';
import { FileTarget } from '../../files/file-target.ts';
import { readName, showName } from '../../files/guest-name.ts';
import { untilOpen, type WaitReason } from '../../files/until-open.ts';
import { type Output, showFacts } from '../../terminal/output.ts';
import { Progress } from '../../terminal/progress.ts';
import { formatTable } from '../../terminal/table.ts';
import { contextOf, findServerId } from '../context.ts';
import { wholeNumber } from '../options.ts';

interface PlaceOptions {
  readonly at?: string;
  readonly point?: number;
  readonly filesystem?: string;
  readonly escaped?: boolean;
}

interface GetOptions extends PlaceOptions {
  readonly to?: string;
  readonly tar?: string;
  readonly force?: boolean;
}

const PAGES_MAX = 10_000;
const PAGE_ENTRIES = 1000;
const WAITING = {
  FILES_OPENING: { label: 'OPENING', detail: 'the recovery point is being opened' },
  FILES_BUSY: { label: 'WAITING', detail: 'other files are on their way out' },
};

export function addFilesCommands(program: Command): void {
  const files = program.command('files').description('look into a recovery point, and take files out of it');
  withPlace(
    files.command('ls <server> <path>').description('what is in a folder of a server at a point in time'),
  )
    .option('--long', 'with type, mode, owner, size, time and link target')
    .action(
      async (server: string, path: string, options: PlaceOptions & { long?: boolean }, command: Command) => {
        const { client, output } = await contextOf(command);
        const request = await requestOf(client, server, path, options);
        const listed = await listAll(client, request, output);
        if (output.json) output.out(`${JSON.stringify(listed, null, 2)}\n`);
        else if (options.long === true)
          output.out(formatTable(listed.items, LONG_COLUMNS, output.outColumns));
        else output.out(listed.items.map((file) => `${shortName(file)}\n`).join(''));
        const { epoch, cutDateTime } = listed.recoveryPoint;
        if (!output.json) output.err(`${listed.items.length} at ${cutDateTime} (epoch ${epoch})\n`);
      },
    );
  withPlace(files.command('get <server> <path>').description('a file, or a folder with everything in it'))
    .option('--to <local>', 'what it becomes here (default: its name, in this folder); - is standard output')
    .option('--tar <file>', 'keep a folder as an archive; - is standard output')
    .option('--force', 'replace what is there')
    .action(async (server: string, path: string, options: GetOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      await get(client, await requestOf(client, server, path, options), options, output);
    });
  withPoint(
    files.command('filesystems <server>').description('the file systems on the disks of a server'),
  ).action(async (server: string, options: PlaceOptions, command: Command) => {
    const { client, output } = await contextOf(command);
    const request = await requestOf(client, server, '/', options);
    const { filesystems } = await ask(output, () => client.landfall('ListRecoveryPointFiles', request));
    if (output.json) return output.out(`${JSON.stringify(filesystems, null, 2)}\n`);
    output.out(formatTable(filesystems, FILESYSTEM_COLUMNS, output.outColumns));
  });
}

const FILESYSTEM_COLUMNS = [
  { title: 'DEVICE', value: (each: Landfall.RecoveryPointFilesystem) => each.device },
  { title: 'TYPE', value: (each: Landfall.RecoveryPointFilesystem) => each.type },
  { title: 'LABEL', value: (each: Landfall.RecoveryPointFilesystem) => each.label },
  { title: 'UUID', value: (each: Landfall.RecoveryPointFilesystem) => each.uuid },
];

function withPoint(command: Command): Command {
  return command
    .option('--at <time>', 'ISO 8601: the last point at or before it; or LATEST')
    .option('--point <epoch>', 'the point of that epoch', wholeNumber);
}

function withPlace(command: Command): Command {
  return withPoint(command)
    .option('--filesystem <name>', 'one file system alone: /dev/sdb1 as the server calls it, UUID=…, LABEL=…')
    .option('--escaped', 'PATH is as `files ls` shows names: \\n, \\\\, \\xNN');
}

/** Errors: FILES_PATH_INVALID, SERVER_NOT_FOUND, SERVER_AMBIGUOUS. */
async function requestOf(
  client: ApiClient,
  server: string,
  path: string,
  { at, point, filesystem, escaped }: PlaceOptions,
): Promise<Landfall.GetRecoveryPointFileRequest> {
  const bytes = escaped === true ? readName(path) : Buffer.from(path);
  return {
    sourceServerID: await findServerId(client, server),
    at: point === undefined ? at : `epoch:${point}`,
    pathBase64: bytes.toString('base64'),
    filesystem,
  };
}

/** Every page, of one point. */
async function listAll(
  client: ApiClient,
  request: Landfall.ListRecoveryPointFilesRequest,
  output: Output,
): Promise<Landfall.ListRecoveryPointFilesResponse> {
  const list = (input: Landfall.ListRecoveryPointFilesRequest) =>
    ask(output, () => client.landfall('ListRecoveryPointFiles', { ...input, maxResults: PAGE_ENTRIES }));
  const first = await list(request);
  const items = [...first.items];
  const at = `epoch:${first.recoveryPoint.epoch}`;
  let { nextToken } = first;
  for (let pages = 1; nextToken !== undefined && pages < PAGES_MAX; pages += 1) {
    const page = await list({ ...request, at, nextToken });
    items.push(...page.items);
    nextToken = page.nextToken;
  }
  const { recoveryPoint, isFolder, filesystems } = first;
  return { recoveryPoint, isFolder, items, filesystems };
}

async function ask<Answer>(output: Output, action: () => Promise<Answer>): Promise<Answer> {
  const progress = new Progress(output, () => systemClock.nowMs());
  const onWait = (reason: WaitReason) => progress.show(WAITING[reason]);
  try {
    return await untilOpen(action, { clock: systemClock, onWait });
  } finally {
    progress.end();
  }
}

async function get(
  client: ApiClient,
  request: Landfall.GetRecoveryPointFileRequest,
  options: GetOptions,
  output: Output,
): Promise<void> {
  const name = Buffer.from(request.pathBase64 ?? '', 'base64');
  const place = options.tar ?? options.to ?? localNameOf(name);
  const target = new FileTarget(place, options.force === true);
  if (place !== '-') await target.check();
  const stop = new AbortController();
  void terminationRequest().then(() => stop.abort(interrupted()));
  const answer = await ask(output, () => client.landfall('GetRecoveryPointFile', request));
  const progress = new Progress(output, () => systemClock.nowMs());
  const onBytes = (bytes: number) => progress.show(progressOf(bytes, answer.contentLength));
  const isRoot = process.getuid?.() === 0;
  const common = { onBytes, signal: stop.signal };
  if (place === '-') return await pipeline(received(answer, common, { bytes: 0 }), process.stdout);
  try {
    const asArchive = options.tar !== undefined;
    const fetched = await fetchFiles(answer, { ...common, target, asArchive, isRoot });
    progress.end();
    const { epoch, cutDateTime, kind } = answer;
    showFacts(output, { path: target.path, kind, epoch, cutDateTime, ...fetched }, [
      ['fetched', `${showName(name)} as it was at ${cutDateTime} (epoch ${epoch})`],
      ['to', target.path],
      ['bytes', fetched.bytes],
      ...(fetched.devicesLeftOut > 0 ? [['device nodes left out', fetched.devicesLeftOut] as const] : []),
    ]);
  } finally {
    progress.end();
  }
}

/** A name that is no text cannot be given as one: then --to is needed. */
function localNameOf(path: Buffer): string {
  const name = basename(path.toString('utf8').replace(/\/+$/, ''));
  const isName = name !== '' && name !== '.' && name !== '..' && !name.includes('\ufffd');
  if (isName) return name;
  throw new OperationError('USAGE', `${showName(path)} gives no name here`, { hint: 'name it with --to' });
}

function progressOf(bytes: number, totalBytes: number | undefined) {
  const label = 'FETCHING';
  if (totalBytes === undefined || totalBytes === 0) return { label, detail: formatBytes(bytes) };
  return {
    label,
    fraction: bytes / totalBytes,
    detail: `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`,
  };
}

function interrupted(): OperationError {
  return new OperationError('FILES_TRANSFER_BROKEN', 'it was interrupted; nothing was kept', {
    hint: 'fetch it again',
  });
}
