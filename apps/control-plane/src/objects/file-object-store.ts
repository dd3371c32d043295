/**
 * Buckets as folders: `FOLDER/BUCKET/KEY`. A symbolic link on the way is followed nowhere (O2): what it names
 * is no object of ours. Every writer at work has a temporary file of its own, whose name the next one takes
 * over, so what a crash leaves beside an object does not grow (O1).
 */
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OperationError, syncFolder, systemErrorCode } from '@landfall/runtime';
import { isObjectName, type ObjectName, type ObjectStore } from './object-store.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** A pipe in the place of an object holds nobody up. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** What an object that is not there, or cannot be there, looks like to `open`. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'];

export function createFileObjectStore(folder: string): ObjectStore {
  const writing = new Set<string>();
  return {
    read: (name, bytesMax) => readObject(folder, name, bytesMax),
    write: async (name, pieces) => {
      const path = await pathOf(folder, name, (missing) =>
        mkdir(missing, { recursive: true, mode: FOLDER_MODE }),
      );
      if (path === undefined) throw invalidName(name);
      const temporary = unusedName(writing, path);
      writing.add(temporary);
      try {
        await writeObject({ path, temporary }, pieces);
      } finally {
        writing.delete(temporary);
      }
    },
  };
}

/** Keys end in .csv, so this is the name of no object. */
function unusedName(writing: ReadonlySet<string>, path: string): string {
  let name = `${path}.tmp`;
  for (let others = 1; writing.has(name); others += 1) name = `${path}.${others}.tmp`;
  return name;
}

async function readObject(folder: string, name: ObjectName, bytesMax: number): Promise<Buffer | undefined> {
  const path = await pathOf(folder, name, async () => undefined);
  if (path === undefined) return undefined;
  const file = await open(path, READ_FLAGS).catch(absent);
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) return undefined;
    if (found.size > bytesMax) throw tooLarge(name, bytesMax);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function writeObject(
  { path, temporary }: { readonly path: string; readonly temporary: string },
  pieces: AsyncIterable<string>,
): Promise<void> {
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    const file = await open(temporary, flags, FILE_MODE);
    try {
      for await (const piece of pieces) await file.write(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Folder by folder; `undefined` when one is missing, even after `make`, or is none. */
async function pathOf(
  folder: string,
  name: ObjectName,
  make: (missing: string) => Promise<unknown>,
): Promise<string | undefined> {
  if (!isObjectName(name)) throw invalidName(name);
  const parts = [name.bucket, ...name.key.split('/')];
  const last = parts.pop() ?? '';
  let path = folder;
  await make(path);
  for (const part of parts) {
    path = join(path, part);
    if ((await statOf(path)) === undefined) await make(path);
    const found = await statOf(path);
    if (found?.isDirectory() !== true) return undefined;
  }
  return join(path, last);
}

function statOf(path: string) {
  return lstat(path).catch(absent);
}

function absent(error: unknown): undefined {
  if (ABSENT.includes(systemErrorCode(error) ?? '')) return undefined;
  throw error;
}

function invalidName({ bucket, key }: ObjectName): OperationError {
  return new OperationError('OBJECT_NAME_INVALID', `${bucket}/${key} cannot be the name of an object`, {
    hint: 'use a bucket of letters, digits, dots, dashes and underscores, and a key without . and .. as parts',
  });
}

function tooLarge({ bucket, key }: ObjectName, bytesMax: number): OperationError {
  return new OperationError('OBJECT_TOO_LARGE', `${bucket}/${key} is larger than ${bytesMax} bytes`, {
    hint: 'import it in several parts',
  });
}
