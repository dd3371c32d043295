/**
 * Tests only: a folder of real files in memory, where there is such a file system. These tests are about
 * bytes; on a busy disk they would be about how long a thousand syncs take.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = '/dev/shm';

export async function inFolder<Result>(action: (folder: string) => Promise<Result>): Promise<Result> {
  const parent = existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir();
  const folder = await mkdtemp(join(parent, 'landfall-scrub-'));
  try {
    return await action(join(folder, 'journal'));
  } finally {
    await rm(folder, { recursive: true });
  }
}
