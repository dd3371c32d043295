/**
 * Files of the inventory in the `landfall` service: StartImport reads what PutInventoryFile wrote, and
 * GetInventoryFile fetches what StartExport wrote, so nobody needs a shell where the buckets are.
 */

export interface InventoryOperations {
  readonly PutInventoryFile: {
    readonly input: PutInventoryFileRequest;
    readonly output: PutInventoryFileResponse;
  };
  readonly GetInventoryFile: {
    readonly input: GetInventoryFileRequest;
    readonly output: GetInventoryFileResponse;
  };
}

/** Writes the file whole, in place of one of that name. */
export interface PutInventoryFileRequest {
  /** Default: `inventory`. */
  readonly bucketName?: string | undefined;
  /** Ends in `.csv`; no part between slashes is empty, `.` or `..`. */
  readonly key: string;
  /** The text of the file; kept as UTF-8. */
  readonly content: string;
}

export interface PutInventoryFileResponse {
  readonly bucketName: string;
  readonly key: string;
  readonly sizeBytes: number;
}

export interface GetInventoryFileRequest {
  /** Default: `inventory`. */
  readonly bucketName?: string | undefined;
  readonly key: string;
}

export interface GetInventoryFileResponse {
  readonly bucketName: string;
  readonly key: string;
  readonly sizeBytes: number;
  /** The text of the file, which must be UTF-8. */
  readonly content: string;
}
