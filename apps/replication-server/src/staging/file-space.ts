import { statfs } from 'node:fs/promises';

export interface StagingSpace {
  readonly totalBytes: number;
  /** What this program can still write. */
  readonly freeBytes: number;
}

export async function readSpace(folder: string): Promise<StagingSpace> {
  const facts = await statfs(folder);
  return { totalBytes: facts.blocks * facts.bsize, freeBytes: facts.bavail * facts.bsize };
}
