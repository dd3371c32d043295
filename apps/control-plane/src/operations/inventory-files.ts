/** Files of imports and exports, written to a bucket and read from one through the API. */
import { ApiError, type Handlers } from '@landfall/api';
import { describeError, OperationError, systemErrorCode } from '@landfall/runtime';
import { IMPORT_BYTES_MAX } from '../inventory/import-task.ts';
import { decodeInventory } from '../inventory/inventory-text.ts';
import { isObjectName, type ObjectName, type ObjectStore } from '../objects/object-store.ts';
import type { Service } from '../service.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'PutInventoryFile' | 'GetInventoryFile'>;

const DEFAULT_BUCKET = 'inventory';
/** A folder where a file should be, or the other way round, or a symbolic link, which is followed nowhere. */
const IN_THE_WAY = ['EEXIST', 'EISDIR', 'ELOOP', 'ENOTDIR', 'ENOTEMPTY'];

export const inventoryFileOperations: Operations = {
  PutInventoryFile: async ({ bucketName = DEFAULT_BUCKET, key, content }, { objects }) => {
    const name = { bucket: bucketName, key };
    requireObjectName(name);
    await writeFile(objects, name, content);
    return { bucketName, key, sizeBytes: Buffer.byteLength(content) };
  },

  GetInventoryFile: async ({ bucketName = DEFAULT_BUCKET, key }, service) => {
    const name = { bucket: bucketName, key };
    requireObjectName(name);
    const bytes = await readObject(service, name);
    const decoded = decodeInventory(bytes);
    if (!decoded.ok) throw ApiError.validation(`${bucketName}/${key}: ${decoded.problem.message}.`);
    return { bucketName, key, sizeBytes: bytes.length, content: decoded.text };
  },
};

/** Errors: ValidationException. */
export function requireObjectName(name: ObjectName): void {
  if (isObjectName(name)) return;
  throw ApiError.validation(
    'The bucket and key cannot name an object: no part may be empty, longer than 255 bytes, "." or "..".',
  );
}

/**
 * Errors: ResourceNotFoundException; ValidationException for one that is larger than an import may be, and
 * with what an S3 endpoint says against it; ServiceUnavailableException when that gives no answer.
 */
export async function readObject({ objects }: Service, name: ObjectName): Promise<Buffer> {
  try {
    const bytes = await objects.read(name, IMPORT_BYTES_MAX);
    if (bytes !== undefined) return bytes;
  } catch (error) {
    throw callersError(error);
  }
  throw ApiError.notFound(`${name.bucket}/${name.key}`, 'S3Object');
}

function callersError(error: unknown): unknown {
  if (!(error instanceof OperationError)) return error;
  const message = describeError(error);
  if (!error.retryable) return ApiError.validation(message);
  return new ApiError('ServiceUnavailableException', 503, message, { cause: error });
}

async function writeFile(objects: ObjectStore, name: ObjectName, content: string): Promise<void> {
  try {
    await objects.write(name, onePiece(content));
  } catch (error) {
    if (systemErrorCode(error) === 'ENAMETOOLONG')
      throw ApiError.validation('key has a part that is too long.');
    if (!isInTheWay(error)) throw callersError(error);
    throw ApiError.conflict('Something else is in the place of that file or of one of its folders.', {
      resourceId: `${name.bucket}/${name.key}`,
      resourceType: 'S3Object',
    });
  }
}

function isInTheWay(error: unknown): boolean {
  if (error instanceof OperationError) return error.code === 'OBJECT_NAME_INVALID';
  return IN_THE_WAY.includes(systemErrorCode(error) ?? '');
}

async function* onePiece(content: string) {
  yield content;
}
