/**
 * Files of a recovery point, read by a launch host. Names are bytes, so they travel as base64. A tree is a
 * recovery point opened for reading; it ends by itself when nobody asks for anything in it.
 */
import type { FileKind } from '@landfall/model';
import type { MachineDisk } from './machine-messages.ts';

export interface FilePlace {
  /** Of the export the disks are of. */
  readonly treeId: string;
  /** One file system alone; absent: the root of the guest and what its fstab mounts. */
  readonly filesystem?: string;
  readonly pathBase64: string;
}

export interface FileEntry {
  readonly nameBase64: string;
  readonly kind: FileKind;
  /** At most 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly modifiedMs: number;
  readonly linkCount: number;
  /** Of a symbolic link. */
  readonly targetBase64?: string;
}

export interface FileSystemFacts {
  /** As the source calls it. */
  readonly device: string;
  readonly type: string;
  readonly label?: string;
  readonly uuid?: string;
}

/** The next piece of a transfer; nothing but zeroes is only counted. */
export interface FilePiece {
  readonly contentBase64?: string;
  readonly zeroBytes?: number;
  /** All that came is whole. */
  readonly isLast: boolean;
}

export interface FileCommands {
  /** Begins to open a tree, or tells how far that is. Idempotent by treeId. */
  openFiles: {
    input: { treeId: string; disks: readonly MachineDisk[] };
    output: { state: 'OPENING' | 'READY'; filesystems: readonly FileSystemFacts[] };
  };
  listFiles: {
    /** `afterBase64`: the last name that is known. */
    input: FilePlace & { afterBase64?: string; limit: number };
    output: { isFolder: boolean; entries: readonly FileEntry[]; hasMore: boolean };
  };
  /** Idempotent by transferId. A folder comes as a tar archive. */
  beginFileTransfer: { input: FilePlace & { transferId: string }; output: { entry: FileEntry } };
  /** Piece 0, 1, 2 …; the last one may be asked for again. */
  readFileTransfer: { input: { transferId: string; sequence: number }; output: FilePiece };
  endFileTransfer: { input: { transferId: string }; output: Record<string, never> };
}
