/** Whether the files of a recovery point are what they were. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { runChecked } from '../../packages/runtime/src/index.ts';
import { filesIn, removeAll } from './victim-disk.ts';

const TIMEOUT_MS = 10 * 60_000;

/** SHA-256 by name. */
export async function hashesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const path of await filesIn(folder)) hashes.set(relative(folder, path), await hashOf(path));
  return hashes;
}

/** How many of them, below `files` of the exported disk, are missing or have other content. */
export async function changedFilesOf(
  benchFolder: string,
  nbdUri: string,
  before: ReadonlyMap<string, string>,
): Promise<number> {
  const [image, mountPoint] = [join(benchFolder, 'pinned.raw'), join(benchFolder, 'pinned')];
  const copy = ['qemu-img', 'convert', '-f', 'raw', '-O', 'raw', nbdUri, image];
  await runChecked(copy, { timeoutMs: TIMEOUT_MS });
  await mkdir(mountPoint, { recursive: true });
  await runChecked(['mount', '-o', 'loop', image, mountPoint]);
  try {
    let changed = 0;
    for (const [name, hash] of before) {
      const path = join(mountPoint, 'files', name);
      if (!existsSync(path) || (await hashOf(path)) !== hash) changed += 1;
    }
    return changed;
  } finally {
    await runChecked(['umount', mountPoint]);
    await removeAll(image);
  }
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
