/**
 * The file systems under test: how each is made, mounted so that its journal is replayed, and checked without
 * changing anything.
 */
import { mkdir } from 'node:fs/promises';
import { OperationError, type RunResult, systemClock } from '../../packages/runtime/src/index.ts';
import { runTool, runToolChecked } from './patient-tool.ts';

export const FILE_SYSTEMS = ['ext4', 'xfs', 'btrfs'] as const;
export type FileSystem = (typeof FILE_SYSTEMS)[number];

const UNMOUNT_ATTEMPTS_MAX = 600;
const UNMOUNT_PAUSE_MS = 100;

const MAKE: Readonly<Record<FileSystem, readonly string[]>> = {
  ext4: ['mkfs.ext4', '-q', '-F'],
  xfs: ['mkfs.xfs', '-q', '-f'],
  btrfs: ['mkfs.btrfs', '-q', '-f'],
};

/** Data checksums of btrfs included: a block of a file that is not the one written is found there. */
const CHECK: Readonly<Record<FileSystem, readonly string[]>> = {
  ext4: ['e2fsck', '-f', '-n'],
  xfs: ['xfs_repair', '-n'],
  btrfs: ['btrfs', 'check', '--readonly', '--check-data-csum'],
};

export function makeFileSystem(kind: FileSystem, device: string): Promise<RunResult> {
  return runToolChecked([...MAKE[kind], device]);
}

/** With `discard`, freed blocks are told to the device as they come. */
export async function mountFileSystem(options: {
  readonly kind: FileSystem;
  readonly device: string;
  readonly mountPoint: string;
  readonly discard?: boolean;
}): Promise<void> {
  const { kind, device, mountPoint, discard = false } = options;
  await mkdir(mountPoint, { recursive: true });
  const flags = discard ? ['-o', 'discard'] : [];
  await runToolChecked(['mount', '-t', kind, ...flags, device, mountPoint]);
}

/** Returns when the file system has ended; a process that is just ending may hold it for a moment. */
export async function unmountFileSystem(mountPoint: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await runTool(['umount', mountPoint]);
    if (result.exitCode === 0) return;
    if (attempt === UNMOUNT_ATTEMPTS_MAX) throw new OperationError('TOOL_FAILED', result.stderr.trim());
    await systemClock.sleep(UNMOUNT_PAUSE_MS);
  }
}

/** What the file system's own tool finds wrong; nothing when it is sound. It must not be mounted. */
export async function checkFileSystem(kind: FileSystem, device: string): Promise<readonly string[]> {
  const result = await runTool([...CHECK[kind], device]);
  if (result.exitCode === 0) return [];
  const said = `${result.stdout}\n${result.stderr}`.trim().slice(-1500);
  return [`${CHECK[kind].join(' ')} exited with ${result.exitCode ?? result.killedBy}: ${said}`];
}

/** The kernel remembers every btrfs it has seen by its id, and a copy has the id of its original. */
export async function forgetBtrfs(): Promise<void> {
  await runTool(['btrfs', 'device', 'scan', '--forget']);
}
