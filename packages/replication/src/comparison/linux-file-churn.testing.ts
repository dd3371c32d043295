/**
 * Tests only: files whose content follows from their names, so that any of them can be checked wherever it
 * is found. As a program, `linux-file-churn.testing.ts FOLDER SEED`: writes and removes such files without
 * pause. A file gets its name (`….whole`) when its content is on the disk, so one of that name is whole
 * after any crash.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename } from 'node:path';
import { seededRandom } from '@landfall/runtime';

const KEPT_BYTES_MAX = 24 * 1024 * 1024;

/** `NUMBER-LENGTH.whole` */
export function contentOf(name: string): Buffer {
  const length = Number(/-(\d+)\./.exec(name)?.[1] ?? 0);
  const unit = createHash('sha512').update(name).digest();
  return Buffer.alloc(length, unit);
}

export function isIntact(path: string): boolean {
  return readFileSync(path).equals(contentOf(basename(path)));
}

export function writeNamed(folder: string, number: number, length: number): string {
  const path = `${folder}/${number}-${length}.whole`;
  writeFileSync(path, contentOf(basename(path)));
  return path;
}

function churn(folder: string, seed: number): void {
  const random = seededRandom(seed);
  const kept: { readonly path: string; readonly length: number }[] = [];
  const parent = process.ppid;
  let keptBytes = 0;
  for (let number = 0; process.ppid === parent; number += 1) {
    const length = random.integer(2 ** (8 + random.integer(12)));
    const subfolder = `${folder}/${number % 7}`;
    mkdirSync(subfolder, { recursive: true });
    const path = `${subfolder}/${number}-${length}.whole`;
    writeWhole(path, random.integer(2) === 0 ? fsyncSync : fdatasyncSync);
    kept.push({ path, length });
    keptBytes += length;
    while (keptBytes > KEPT_BYTES_MAX || (kept.length > 0 && random.integer(3) === 0)) {
      const [gone] = kept.splice(random.integer(kept.length), 1);
      rmSync(gone?.path ?? '');
      keptBytes -= gone?.length ?? 0;
    }
  }
}

function writeWhole(path: string, sync: (file: number) => void): void {
  const file = openSync(`${path}.part`, 'w');
  writeSync(file, contentOf(basename(path)));
  sync(file);
  closeSync(file);
  renameSync(`${path}.part`, path);
}

if (import.meta.main) churn(process.argv[2] ?? '', Number(process.argv[3]));
