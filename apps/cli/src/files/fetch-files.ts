/** Brings a file or folder of a recovery point here. */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Landfall } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { writeSparsely } from './file-sparse.ts';
import type { FileTarget } from './file-target.ts';
import { unpackInto } from './linux-unpack.ts';
import { guardArchive } from './tar-guard.ts';

export interface FetchOptions {
  readonly target: FileTarget;
  /** A folder stays an archive. */
  readonly asArchive: boolean;
  readonly isRoot: boolean;
  /** Told of every byte that came. */
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface Fetched {
  readonly bytes: number;
  /** What a folder had that was not unpacked. */
  readonly devicesLeftOut: number;
}

const PERMISSIONS = 0o777;

/** Errors: FILES_TARGET_EXISTS, FILES_TARGET_UNUSABLE, FILES_TRANSFER_BROKEN, FILES_ARCHIVE_UNSAFE. */
export async function fetchFiles(
  answer: Landfall.GetRecoveryPointFileResponse,
  options: FetchOptions,
): Promise<Fetched> {
  const { target, asArchive } = options;
  const counted = { bytes: 0 };
  const content = received(answer, options, counted);
  try {
    const unpacks = answer.kind === 'FOLDER' && !asArchive;
    const devicesLeftOut = unpacks ? await unpack(content, options) : await save(answer, content, options);
    await target.complete();
    return { bytes: counted.bytes, devicesLeftOut };
  } finally {
    await target.release();
  }
}

/** Whole, or it fails. */
export async function* received(
  { content, contentLength }: Landfall.GetRecoveryPointFileResponse,
  { onBytes, signal }: Pick<FetchOptions, 'onBytes' | 'signal'>,
  counted: { bytes: number },
): AsyncGenerator<Uint8Array> {
  // Also while nothing comes.
  const cancel = () => content instanceof Readable && content.destroy(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    for await (const chunk of content) {
      counted.bytes += chunk.length;
      onBytes(counted.bytes);
      yield chunk;
    }
  } catch (cause) {
    if (signal.aborted || cause instanceof OperationError) throw cause;
    throw broken(cause instanceof Error ? cause.message : String(cause), cause);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  if (contentLength !== undefined && counted.bytes !== contentLength)
    throw broken(`${counted.bytes} of ${contentLength} bytes came`);
}

async function unpack(content: AsyncIterable<Uint8Array>, { target, isRoot }: FetchOptions): Promise<number> {
  await target.createFolder();
  const guarded = guardArchive(content);
  await unpackInto(target.temporary, guarded.content, isRoot);
  return guarded.counts.devicesLeftOut;
}

async function save(
  answer: Landfall.GetRecoveryPointFileResponse,
  content: AsyncIterable<Uint8Array>,
  { target, isRoot }: FetchOptions,
): Promise<number> {
  const file = await target.createFile();
  try {
    await writeSparsely(file, content);
    if (answer.kind === 'FILE') await describe(file, answer, isRoot);
    await file.sync();
  } finally {
    await file.close();
  }
  return 0;
}

/**
 * The owner first: changing it takes setuid away. Only root may give it, and with it what a mode promises.
 */
async function describe(
  file: FileHandle,
  { mode, uid, gid, modifiedDateTime }: Landfall.GetRecoveryPointFileResponse,
  isRoot: boolean,
): Promise<void> {
  if (isRoot) await file.chown(uid, gid);
  await file.chmod(isRoot ? mode : mode & PERMISSIONS);
  const modified = new Date(modifiedDateTime);
  await file.utimes(modified, modified);
}

function broken(why: string, cause?: unknown): OperationError {
  return new OperationError('FILES_TRANSFER_BROKEN', `the transfer broke off: ${why}`, {
    hint: 'fetch it again; the logs of the launch host and the control plane say why it ended',
    cause,
  });
}
