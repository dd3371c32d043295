/**
 * What the file systems of this machine do not use, proved by the kernel that runs them. The question is not
 * what is free now but what no recovery point will need: a block may be left out of the replica if the file
 * system, as a crash at any later cut leaves it, does not refer to what the block holds today.
 *
 * F1 Changes are noted from before the maps are read. A block that is free when its map is read is
 *    allocated before a write to it can be issued: ext4 sets the bit in the buffer of the bitmap, XFS
 *    changes its btree, and only then do they submit the write (delayed allocation only moves both to a
 *    later time). So a block with content that counts is either not free in the map, or its write is seen.
 * F2 The map is what the kernel has in memory. ext4 keeps bitmaps and descriptors in the page cache of the
 *    device node it is mounted from, in place (jbd2 copies what it commits, never what is read here), so a
 *    buffered read of *that* node sees them; /dev/sda has other pages than /dev/sda1, and O_DIRECT sees what
 *    was written back long ago. XFS keeps its btrees elsewhere, so it is asked (GETFSMAP).
 * F3 Free in memory is not yet free after a crash: the transaction that freed the block may not be committed,
 *    and the file would be back, with the block in it. So after the map was read the file system is synced,
 *    which commits that transaction (jbd2_log_wait_commit, xfs_log_force), and only cuts after that use the
 *    map.
 * F4 Only what the running kernel has mounted, or swaps to, is believed. A file system that is not mounted
 *    may be in another mount namespace, or in a virtual machine, or what is left of one below a RAID, ZFS
 *    or database: its superblock proves nothing. Its journal may not be replayed either.
 * F5 Whatever is not known to the last bit (features, layouts, checksums, counts) is copied. So is everything
 *    on LVM, LUKS and RAID, whose blocks lie elsewhere on the disk.
 *
 * A block in use by a damaged file system but free in its map is left out, as its next allocation would have
 * overwritten it. What was deleted and not overwritten cannot be found in the replica.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { type Clock, runChecked } from '@landfall/runtime';
import type { LinuxDisk } from '../disks/linux-disks.ts';
import { readExt4FreeSpace } from './ext4-free-space.ts';
import type { FreeSpaceSource, Volume } from './free-space-source.ts';
import { isMountedAt, isNodeOf, type LinuxVolume, volumesOf } from './linux-volumes.ts';
import { demand, type FoundFree, NotProved, type ReadVolume } from './proof.ts';
import { readSwapFreeSpace } from './swap-area.ts';
import type { MountedFileSystem } from './volume-listing.ts';
import { FREE_SPACE_COMMAND, XfsSpaceMap } from './xfs-free-space.ts';

/** Much may be waiting to be written. */
const SYNC_TIMEOUT_MS = 10 * 60_000;
const SPACE_MAP_TIMEOUT_MS = 5 * 60_000;
const KEPT_OUTPUT_BYTES = 64 * 1024;
const EXT4_KINDS = ['ext2', 'ext3', 'ext4'];

export function createLinuxFreeSpace(disks: readonly LinuxDisk[], clock: Clock): FreeSpaceSource {
  return {
    volumes: () =>
      disks.flatMap(({ name }, diskIndex) => {
        return volumesOf(name).map((volume) => describe(volume, diskIndex, clock));
      }),
  };
}

function describe(volume: LinuxVolume, diskIndex: number, clock: Clock): Volume {
  const { devicePath, extent, use } = volume;
  const kind = use === undefined ? 'unknown' : use === 'SWAP' ? 'swap' : use.fileSystem;
  return {
    name: devicePath,
    ...{ diskIndex, extent, kind },
    readFree: async (found, signal) => {
      demand(use !== undefined, 'it is not mounted here, nor swapped to');
      demand(!volume.isShared, 'another volume overlaps it');
      if (use === 'SWAP') return readSwap(volume, found);
      if (EXT4_KINDS.includes(use.fileSystem)) return readExt4(volume, use, { found, signal, clock });
      if (use.fileSystem === 'xfs') return readXfs(volume, use, { found, signal });
      throw new NotProved(`${use.fileSystem} is not known well enough`);
    },
  };
}

async function readSwap(volume: LinuxVolume, found: FoundFree): Promise<undefined> {
  const { lengthBytes: sizeBytes } = volume.extent;
  await withNode(volume, (read) => readSwapFreeSpace({ read, sizeBytes }, found));
}

async function readExt4(
  volume: LinuxVolume,
  mounted: MountedFileSystem,
  { found, signal, clock }: { found: FoundFree; signal: AbortSignal; clock: Clock },
): Promise<string | undefined> {
  const { isWritable } = mounted;
  const { lengthBytes: sizeBytes } = volume.extent;
  const doubtful = await withNode(volume, (read) => {
    return readExt4FreeSpace({ read, sizeBytes, isWritable, clock, signal }, found);
  });
  await commit(volume, mounted, signal);
  return doubtful === 0 ? undefined : `${doubtful} groups never agreed with their descriptors`;
}

async function readXfs(
  volume: LinuxVolume,
  mounted: MountedFileSystem,
  { found, signal }: { found: FoundFree; signal: AbortSignal },
): Promise<undefined> {
  const { device, extent } = volume;
  const map = new XfsSpaceMap({ device, sizeBytes: extent.lengthBytes, found });
  let failure: { readonly error: unknown } | undefined;
  const onOutput = (text: string) => {
    try {
      if (failure === undefined) map.add(text);
    } catch (error) {
      failure = { error };
    }
  };
  const command = ['xfs_io', '-r', '-c', FREE_SPACE_COMMAND, mounted.mountPoint];
  const limits = { timeoutMs: SPACE_MAP_TIMEOUT_MS, outputBytesMax: KEPT_OUTPUT_BYTES };
  await runChecked(command, { ...limits, onOutput, signal });
  if (failure !== undefined) throw failure.error;
  map.end();
  await commit(volume, mounted, signal);
}

/** F3. */
async function commit(
  { device }: LinuxVolume,
  mounted: MountedFileSystem,
  signal: AbortSignal,
): Promise<void> {
  const { mountPoint } = mounted;
  demand(isMountedAt(mountPoint, device), 'it is no longer mounted where it was');
  await runChecked(['sync', '-f', mountPoint], { timeoutMs: SYNC_TIMEOUT_MS, signal });
  demand(isMountedAt(mountPoint, device), 'it is no longer mounted where it was');
}

/** Through the page cache (F2). */
async function withNode<Result>(
  { devicePath, device }: LinuxVolume,
  use: (read: ReadVolume) => Promise<Result>,
): Promise<Result> {
  demand(isNodeOf(devicePath, device), `${devicePath} is not its device node`);
  const node = await open(devicePath, 'r');
  try {
    return await use((offsetBytes, lengthBytes) => readWhole(node, offsetBytes, lengthBytes));
  } finally {
    await node.close();
  }
}

async function readWhole(node: FileHandle, offsetBytes: number, lengthBytes: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(lengthBytes);
  const { bytesRead } = await node.read(bytes, 0, lengthBytes, offsetBytes);
  demand(bytesRead === lengthBytes, 'it cannot be read whole');
  return bytes;
}
