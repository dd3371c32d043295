/** Files as a simulated launch host gives them: the same few in every recovery point. */
import type { CommandHandlers, FileEntry } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';

type FileHandlers = Pick<
  CommandHandlers<'launch-host'>,
  'openFiles' | 'listFiles' | 'beginFileTransfer' | 'readFileTransfer' | 'endFileTransfer'
>;

export const SIMULATED_FILES: ReadonlyMap<string, Buffer> = new Map([
  ['hosts', Buffer.from('127.0.0.1 localhost\n')],
  ['zeroes', Buffer.alloc(700_000)],
  ['\u00ff', Buffer.from('its name is no UTF-8')],
]);
/** Begun, but answered as by a launch host of another version. */
export const ODD_FILE = 'odd';
/** What a guest may say, and no date can. */
const MODIFIED_MS_ODD = 9e18;
const PIECE_BYTES = 400_000;

/** In `/etc`; a name is Latin-1. Asked for the first time, a point is still being opened. */
export function simulatedFiles(): FileHandlers {
  const open = new Set<string>();
  const transfers = new Map<string, Buffer>();
  return {
    openFiles: async ({ treeId }) => {
      const state = open.has(treeId) ? 'READY' : 'OPENING';
      open.add(treeId);
      return { state, filesystems: [{ device: '/dev/vda1', type: 'ext4', uuid: 'a-b-c' }] };
    },
    listFiles: async ({ pathBase64, afterBase64 = '', limit }) => {
      if (textOf(pathBase64) !== '/etc') throw missing(textOf(pathBase64));
      const names = [...SIMULATED_FILES.keys()].filter((name) => name > textOf(afterBase64));
      const entries = names.slice(0, limit).map(entryOf);
      return { isFolder: true, entries, hasMore: names.length > limit };
    },
    beginFileTransfer: async ({ pathBase64, transferId }) => {
      const name = textOf(pathBase64).replace('/etc/', '');
      if (name === ODD_FILE) return {} as { entry: FileEntry };
      const content = SIMULATED_FILES.get(name);
      if (content === undefined) throw missing(name);
      transfers.set(transferId, content);
      return { entry: entryOf(name) };
    },
    readFileTransfer: async ({ transferId, sequence }) => {
      const content = transfers.get(transferId);
      if (content === undefined) throw new OperationError('FILES_TRANSFER_BROKEN', 'no such transfer');
      const piece = content.subarray(sequence * PIECE_BYTES, (sequence + 1) * PIECE_BYTES);
      const isLast = piece.length < PIECE_BYTES;
      if (piece.every((byte) => byte === 0)) return { zeroBytes: piece.length, isLast };
      return { contentBase64: piece.toString('base64'), isLast };
    },
    endFileTransfer: async ({ transferId }) => {
      transfers.delete(transferId);
      return {};
    },
  };
}

function entryOf(name: string): FileEntry {
  return {
    nameBase64: Buffer.from(name, 'latin1').toString('base64'),
    kind: 'FILE',
    mode: 0o640,
    uid: 0,
    gid: 4,
    sizeBytes: SIMULATED_FILES.get(name)?.length ?? 0,
    allocatedBytes: 4096,
    modifiedMs: name === 'zeroes' ? MODIFIED_MS_ODD : 1_700_000_000_000,
    linkCount: 1,
  };
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}

function missing(path: string): OperationError {
  return new OperationError('FILES_PATH_MISSING', `there is no ${path}`);
}
