/**
 * ListRecoveryPointFiles, GetRecoveryPointFile: what is in the file systems of a server at a point in time.
 */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import type { FileEntry, FilePlace } from '@landfall/channel';
import { endTransfer, readContent } from '../files/file-content.ts';
import { openTree, type ReadyTree } from '../files/open-tree.ts';
import type { Service } from '../service.ts';
import { askProgram } from './ask-program.ts';
import { itemOf } from './recovery-points.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'ListRecoveryPointFiles' | 'GetRecoveryPointFile'>;

const ENTRIES_DEFAULT = 500;
/** The last millisecond that a date can say. */
const DATE_MS_MAX = 8.64e15;

export const recoveryPointFileOperations: Operations = {
  ListRecoveryPointFiles: async (input, service) => {
    const path = pathOf(input);
    const tree = await openTree(service, input);
    service.log.info('recovery-point-files-listed', factsOf(service, tree, path));
    const { isFolder, entries, hasMore } = await askProgram(service, tree.host, 'listFiles', {
      ...placeIn(tree, path, input.filesystem),
      limit: input.maxResults ?? ENTRIES_DEFAULT,
      ...(input.nextToken === undefined ? {} : { afterBase64: input.nextToken }),
    });
    const last = entries.at(-1);
    return {
      recoveryPoint: itemOf(tree.point),
      isFolder,
      items: entries.map(showEntry),
      filesystems: tree.filesystems,
      ...(hasMore && last !== undefined ? { nextToken: last.nameBase64 } : {}),
    };
  },

  GetRecoveryPointFile: async (input, service) => {
    const path = pathOf(input);
    const tree = await openTree(service, input);
    const transferId = service.random.uuid();
    const facts = factsOf(service, tree, path);
    service.log.info('recovery-point-file-asked', { ...facts, transferId });
    const place = placeIn(tree, path, input.filesystem);
    try {
      const { entry } = await askProgram(service, tree.host, 'beginFileTransfer', { ...place, transferId });
      const description = describe(tree, entry);
      return { ...description, content: await readContent(service, { tree, transferId, facts }) };
    } catch (error) {
      // An answer that did not come in time may have been a beginning.
      await endTransfer(service, tree, transferId);
      throw error;
    }
  },
};

function describe(tree: ReadyTree, entry: FileEntry): Omit<Landfall.GetRecoveryPointFileResponse, 'content'> {
  const { kind, mode, uid, gid, modifiedMs, sizeBytes } = entry;
  return {
    epoch: tree.epoch,
    cutDateTime: isoDateTime(tree.point.cutTimeMs),
    ...{ kind, mode, uid, gid },
    modifiedDateTime: guestDateTime(modifiedMs),
    ...(kind === 'FILE' ? { contentLength: sizeBytes } : {}),
  };
}

/** A guest may have set any time. */
function guestDateTime(timeMs: number): string {
  return isoDateTime(Math.min(Math.max(timeMs, -DATE_MS_MAX), DATE_MS_MAX));
}

function pathOf({
  path,
  pathBase64,
}: Pick<Landfall.GetRecoveryPointFileRequest, 'path' | 'pathBase64'>): Buffer {
  if (path !== undefined && pathBase64 === undefined) return Buffer.from(path);
  if (path === undefined && pathBase64 !== undefined) return Buffer.from(pathBase64, 'base64');
  throw ApiError.validation('Give one of path and pathBase64.');
}

function placeIn(tree: ReadyTree, path: Buffer, filesystem: string | undefined): FilePlace {
  const place = { treeId: tree.treeId, pathBase64: path.toString('base64') };
  return filesystem === undefined ? place : { ...place, filesystem };
}

function factsOf({ principal }: Service, { sourceServerId, epoch }: ReadyTree, path: Buffer) {
  return { principal, sourceServerId, epoch, path: path.toString('utf8') };
}

function showEntry(entry: FileEntry): Landfall.RecoveryPointFile {
  const { nameBase64, targetBase64, modifiedMs, ...status } = entry;
  const target = targetBase64 === undefined ? {} : { target: textOf(targetBase64), targetBase64 };
  return {
    ...status,
    name: textOf(nameBase64),
    nameBase64,
    modifiedDateTime: guestDateTime(modifiedMs),
    ...target,
  };
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
