/**
 * Files of recovery points in the `landfall` service. A name in a guest is bytes: `name` and `path` are their
 * UTF-8 text, with U+FFFD for what is none; `nameBase64` and `pathBase64` say any name exactly.
 */
import type { RecoveryPointItem } from './landfall-recovery-point-types.ts';

export interface FileOperations {
  readonly ListRecoveryPointFiles: {
    readonly input: ListRecoveryPointFilesRequest;
    readonly output: ListRecoveryPointFilesResponse;
  };
  readonly GetRecoveryPointFile: {
    readonly input: GetRecoveryPointFileRequest;
    readonly output: GetRecoveryPointFileResponse;
  };
}

export interface GetRecoveryPointFileRequest {
  readonly sourceServerID: string;
  /**
   * `LATEST`, `VERIFIED`, an ISO time (the last point at or before it), or `epoch:N`. Absent: the point whose
   * files of this server were read within the last minutes, else the newest.
   */
  readonly at?: string | undefined;
  /** From the root on; one of the two. */
  readonly path?: string | undefined;
  readonly pathBase64?: string | undefined;
  /** One file system alone, named as in an fstab of the guest; absent: its root and what its fstab mounts. */
  readonly filesystem?: string | undefined;
}

export interface ListRecoveryPointFilesRequest extends GetRecoveryPointFileRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface ListRecoveryPointFilesResponse {
  readonly recoveryPoint: RecoveryPointItem;
  /** Else the one item is what was asked for. */
  readonly isFolder: boolean;
  /** By the bytes of their names. */
  readonly items: readonly RecoveryPointFile[];
  readonly filesystems: readonly RecoveryPointFilesystem[];
  readonly nextToken?: string | undefined;
}

/** All but the content travels in headers: `content-length`, the others as `x-landfall-<name>`. */
export interface GetRecoveryPointFileResponse {
  readonly epoch: number;
  readonly cutDateTime: string;
  readonly kind: RecoveryPointFileKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedDateTime: string;
  /** Of a file. */
  readonly contentLength?: number | undefined;
  /**
   * The bytes of a file; a folder as a tar archive (pax) with numeric owners, modes, ACLs, extended
   * attributes.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface RecoveryPointFile {
  readonly name: string;
  readonly nameBase64: string;
  readonly kind: RecoveryPointFileKind;
  /** Permissions, at most 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** Less than the size: it is sparse. */
  readonly allocatedBytes: number;
  readonly modifiedDateTime: string;
  readonly linkCount: number;
  /** Of a symbolic link. */
  readonly target?: string | undefined;
  readonly targetBase64?: string | undefined;
}

export interface RecoveryPointFilesystem {
  /** As the source calls it. */
  readonly device: string;
  readonly type: string;
  readonly label?: string | undefined;
  readonly uuid?: string | undefined;
}

export type RecoveryPointFileKind =
  | 'FILE'
  | 'FOLDER'
  | 'SYMLINK'
  | 'BLOCK_DEVICE'
  | 'CHARACTER_DEVICE'
  | 'FIFO'
  | 'SOCKET'
  /** It is there, but what it is cannot be read. */
  | 'UNKNOWN';
