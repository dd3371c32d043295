/**
 * The checkpoint as a file. Best in /run, in memory: it is worth nothing after a reboot, and on a disk that
 * is replicated writing it would itself be a change. Replaced whole: a reader sees the old one or the new
 * one.
 */
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureFolder, systemErrorCode, writeDurably } from '@landfall/runtime';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

export interface CheckpointStore {
  /** Errors: CHECKPOINT_DAMAGED; those of the file system. */
  read(): Promise<Checkpoint | undefined>;
  /** When it resolves, this is what `read` finds, in any later process; the bytes it takes. */
  write(checkpoint: Checkpoint): Promise<number>;
  remove(): Promise<void>;
}

export function createFileCheckpointStore(path: string): CheckpointStore {
  return {
    read: async () => {
      const bytes = await readBytesIfExists(path);
      return bytes === undefined ? undefined : decodeCheckpoint(bytes);
    },
    write: async (checkpoint) => {
      const bytes = await encodeCheckpoint(checkpoint);
      await ensureFolder(dirname(path), 0o755);
      await writeDurably(path, bytes);
      return bytes.length;
    },
    remove: async () => {
      await rm(path, { force: true });
      await rm(`${path}.tmp`, { force: true });
    },
  };
}

async function readBytesIfExists(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
