/** A journal in a folder with some history, for tests of what is done with journals. */
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { CODEC_RAW, payloadChecksum } from '@landfall/block';
import { type JournalGroup, type OpenJournalGroupOptions, openJournalGroup } from '@landfall/journal';
import { MIB, silentLogger } from '@landfall/runtime';

export const SMALL_DISK = { diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: 4 * MIB, isBootDisk: true };
const BLOCK_BYTES = 64 * 1024;
/** Of the first cut; the others are a second apart. */
const FIRST_CUT_MS = 1_700_000_000_000;

/** By folder; closed before it is removed. */
const openIn = new Map<string, JournalGroup[]>();

export async function journalFolder(t: TestContext): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'landfall-small-journal-'));
  const folder = join(parent, 's-1');
  const opened: JournalGroup[] = [];
  openIn.set(folder, opened);
  t.after(async () => {
    for (const group of opened) await group.close();
    await rm(parent, { recursive: true, force: true });
  });
  return folder;
}

export async function openSmallJournal(
  folder: string,
  more: Partial<OpenJournalGroupOptions> = {},
): Promise<JournalGroup> {
  const disks = [{ diskId: SMALL_DISK.diskId, sizeBytes: SMALL_DISK.sizeBytes }];
  const sizes = { segmentBytes: 4 * BLOCK_BYTES, reserveBytes: 0 };
  const group = await openJournalGroup({
    folder,
    disks,
    create: true,
    logger: silentLogger,
    ...sizes,
    ...more,
  });
  openIn.get(folder)?.push(group);
  return group;
}

/** So many epochs, each of which overwrites two of three blocks. */
export async function writeEpochs(group: JournalGroup, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    const epoch = group.lastEpoch + 1;
    for (const block of [epoch % 2, 2]) {
      const payload = Buffer.alloc(BLOCK_BYTES, epoch);
      const place = { diskIndex: 0, offsetBytes: block * BLOCK_BYTES, lengthBytes: BLOCK_BYTES };
      await group.putExtent({ ...place, codec: CODEC_RAW, checksum: payloadChecksum(payload) }, payload);
    }
    const cut = { cutTimeMs: FIRST_CUT_MS + epoch * 1000, cutMonotonicNs: BigInt(epoch) * 1_000_000_000n };
    await group.commit({ epoch, ...cut, consistency: 'CRASH_CONSISTENT', extentCount: 2 });
  }
}

/** Another byte in the middle of the payload that the first segment begins with. */
export async function damageFirstSegment(folder: string): Promise<string> {
  const segments = join('disk-0', 'segments');
  const [name = ''] = await readdir(join(folder, segments));
  const file = await open(join(folder, segments, name), 'r+');
  await file.write(Buffer.from([255]), 0, 1, BLOCK_BYTES / 2);
  await file.close();
  return `disk-0/segments/${name}`;
}
