/**
 * The disk that is watched: ext4 with files of this machine (documents, sources, binaries), text logs, and
 * free space that still holds what was deleted from it, as every disk has after a while.
 */
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MIB, runChecked, seededRandom } from '../../packages/runtime/src/index.ts';
import type { Bench } from '../bed/benchmark.ts';
import { attachSparse, dropCached } from '../bed/source-disks.ts';

export interface VictimDisk {
  readonly device: string;
  readonly mountPoint: string;
}

const TIMEOUT_MS = 10 * 60_000;
const LOG_FILE_BYTES = 16 * MIB;
const TREES = ['/usr/share/doc', '/usr/include', '/usr/lib/python3'];
const LINES_AT_ONCE = 2000;

export async function makeVictimDisk(bench: Bench, sizeBytes: number): Promise<VictimDisk> {
  const device = await attachSparse(bench.folder, 'victim', sizeBytes);
  await runChecked(
    ['mkfs.ext4', '-q', '-F', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', device],
    {
      timeoutMs: TIMEOUT_MS,
    },
  );
  const mountPoint = join(bench.folder, 'victim');
  await mkdir(mountPoint, { recursive: true });
  await runChecked(['mount', '-o', 'nodiscard,noatime', device, mountPoint]);
  return { device, mountPoint };
}

/** Up to so many bytes of files of this machine, below `folder`: of each tree in turn. */
export async function copyFiles(folder: string, bytesMax: number): Promise<number> {
  await mkdir(folder, { recursive: true });
  const lists = await Promise.all(TREES.map(async (tree) => (await readdir(tree)).sort()));
  let bytes = 0;
  for (let row = 0; row < Math.max(...lists.map(({ length }) => length)); row += 1) {
    for (const [index, tree] of TREES.entries()) {
      const entry = lists[index]?.[row];
      if (entry === undefined) continue;
      if (bytes >= bytesMax) return bytes;
      const target = join(folder, `${tree.replaceAll('/', '_')}-${entry}`);
      await runChecked(['cp', '-a', '--', join(tree, entry), target], { timeoutMs: TIMEOUT_MS });
      bytes += await bytesIn(target);
    }
  }
  return bytes;
}

/** Files that are hardly compressible are among them, as everywhere. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function bytesIn(path: string): Promise<number> {
  const facts = await lstat(path);
  if (!facts.isDirectory()) return facts.size;
  let bytes = 0;
  for (const file of await filesIn(path)) bytes += (await lstat(file)).size;
  return bytes;
}

/** Lines as web servers write them. */
export async function writeLogs(folder: string, bytes: number, seed: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const random = seededRandom(seed);
  for (let index = 0; index * LOG_FILE_BYTES < bytes; index += 1) {
    const lines = Readable.from(logLines(random, Math.min(LOG_FILE_BYTES, bytes)));
    await pipeline(lines, createWriteStream(join(folder, `access.log.${index}`)));
  }
}

function* logLines(random: ReturnType<typeof seededRandom>, bytes: number): Generator<string> {
  for (let written = 0, second = 0; written < bytes; second += 1) {
    let text = '';
    for (let line = 0; line < LINES_AT_ONCE; line += 1) text += logLine(random, second);
    written += text.length;
    yield text;
  }
}

function logLine(random: ReturnType<typeof seededRandom>, second: number): string {
  const address = `10.${random.integer(4)}.${random.integer(256)}.${random.integer(256)}`;
  const time = new Date(1_700_000_000_000 + second * 1000).toISOString();
  const path = `/shop/${random.integer(500)}/item/${random.integer(1e9).toString(36)}`;
  const status = [200, 200, 200, 304, 404, 500][random.integer(6)];
  const agent = `Mozilla/5.0 (X11; Linux x86_64) Version/${random.integer(40)}.${random.integer(10)}`;
  return `${address} - - [${time}] "GET ${path} HTTP/1.1" ${status} ${random.integer(90_000)} "-" "${agent}"\n`;
}

/** Everything reaches the disk, its own records of free space included. */
export async function syncDisk({ device, mountPoint }: VictimDisk): Promise<void> {
  await runChecked(['sync', '--file-system', mountPoint], { timeoutMs: TIMEOUT_MS });
  await dropCached(device);
}

export async function removeAll(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { recursive: true, force: true });
}
