/** Tests only: the folder of a journal with two disks, and what each held at every epoch. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { CODEC_RAW, payloadChecksum } from '@landfall/block';
import { type JournalGroup, type OpenJournalGroupOptions, openJournalGroup } from '@landfall/journal';
import { KIB, MIB, type Random, seededRandom, silentLogger } from '@landfall/runtime';

export const DISKS = [
  { diskId: 'disk-0', sizeBytes: 8 * MIB },
  /** No multiple of anything an image format is made of. */
  { diskId: 'disk-1', sizeBytes: 5 * MIB + 3 * 512 },
] as const;

export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-images-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface WrittenFolder {
  readonly folder: string;
  /** By epoch, from 1; by disk. */
  readonly contents: readonly (readonly Buffer[])[];
}

/** Closed again: whoever wants it may open it. */
export async function writeJournalFolder(
  folder: string,
  {
    epochs,
    seed,
    ...settings
  }: { readonly epochs: number; readonly seed: number } & Partial<
    Pick<OpenJournalGroupOptions, 'encryption'>
  >,
): Promise<WrittenFolder> {
  const random = seededRandom(seed);
  const options = { folder, disks: DISKS, create: true, logger: silentLogger, ...settings };
  const group = await openJournalGroup(options);
  const disks = DISKS.map(({ sizeBytes }) => Buffer.alloc(sizeBytes));
  const contents: Buffer[][] = [];
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    await writeEpoch(group, epoch, disks, random);
    contents.push(disks.map((disk) => Buffer.from(disk)));
  }
  await group.close();
  return { folder, contents };
}

async function writeEpoch(
  group: JournalGroup,
  epoch: number,
  disks: readonly Buffer[],
  random: Random,
): Promise<void> {
  let extentCount = 0;
  for (const [diskIndex, disk] of disks.entries()) {
    for (let count = 1 + random.integer(4); count > 0; count -= 1) {
      const lengthBytes = 512 * (1 + random.integer(400));
      const offsetBytes = 512 * random.integer((disk.length - lengthBytes) / 512);
      const payload = random.bytes(lengthBytes);
      payload.copy(disk, offsetBytes);
      const header = { diskIndex, offsetBytes, lengthBytes, codec: CODEC_RAW } as const;
      await group.putExtent({ ...header, checksum: payloadChecksum(payload) }, payload);
      extentCount += 1;
    }
    const lengthBytes = 64 * KIB;
    const offsetBytes = 512 * random.integer((disk.length - lengthBytes) / 512);
    disk.fill(0, offsetBytes, offsetBytes + lengthBytes);
    await group.putZeroes(diskIndex, offsetBytes, lengthBytes);
    extentCount += 1;
  }
  const cut = { cutTimeMs: 1_700_000_000_000 + epoch * 1000, cutMonotonicNs: BigInt(epoch) * 1_000_000_000n };
  await group.commit({ epoch, ...cut, consistency: 'CRASH_CONSISTENT', extentCount });
}
