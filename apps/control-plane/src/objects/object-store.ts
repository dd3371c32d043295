/**
 * Where files of imports and exports lie: buckets of objects, as their callers know them from S3. They are
 * folders of this machine (`file-object-store.ts`) or at an S3 endpoint (`s3-object-store.ts`).
 *
 * O1 An object is read whole or not at all, and written whole or not at all: nobody sees half of one.
 * O2 A name leads nowhere but into its own bucket.
 */
export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
}

export interface ObjectStore {
  /**
   * `undefined` when there is no such object. Errors: OBJECT_NAME_INVALID, OBJECT_TOO_LARGE; of an endpoint
   * besides OBJECT_BUCKET_MISSING, OBJECT_ACCESS_DENIED, OBJECT_STORE_KEY_REFUSED, OBJECT_STORE_REFUSED and
   * OBJECT_STORE_UNAVAILABLE, which is retryable.
   */
  read(name: ObjectName, bytesMax: number): Promise<Buffer | undefined>;
  /** Replaces what is there. A folder is made, a bucket of an endpoint is not. Errors: those of `read`. */
  write(name: ObjectName, pieces: AsyncIterable<string>): Promise<void>;
}

const SEGMENT_BYTES_MAX = 255;

/** Whether a store can hold it: parts of a key between slashes are names of their own, none special. */
export function isObjectName({ bucket, key }: ObjectName): boolean {
  return isSegment(bucket) && /^[\w.-]+$/.test(bucket) && key.split('/').every(isSegment);
}

function isSegment(text: string): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes > 0 && bytes <= SEGMENT_BYTES_MAX && text !== '.' && text !== '..' && !/[/\0]/.test(text);
}
