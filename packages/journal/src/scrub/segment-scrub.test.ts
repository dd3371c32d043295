import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent } from '../extents.testing.ts';
import { openJournalGroupOn } from '../group/open-journal-group.ts';
import type { JournalFile } from '../storage/journal-files.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { JournalScrub } from './journal-scrub.ts';

/** Storage whose next reads of records come garbled, as those that met a write half done. */
class GarblingFiles extends SimulatedJournalFiles {
  garbledReads = 0;

  override async open(path: string): Promise<JournalFile> {
    const file = await super.open(path);
    const read = async (position: number, target: Buffer) => {
      const length = await file.read(position, target);
      if (this.garbledReads === 0 || position === 0 || !path.includes('/segments/')) return length;
      this.garbledReads -= 1;
      target.writeUInt8(target.readUInt8(length - 1) ^ 1, length - 1);
      return length;
    };
    return { ...file, read };
  }
}

for (const [garbledReads, damages] of [
  [1, 0],
  [2, 1],
] as const) {
  test(`records that read wrong ${garbledReads} times are ${damages === 0 ? 'no' : 'a'} damage`, async () => {
    const files = new GarblingFiles(seededRandom(1));
    const disks = [{ diskId: 'disk-0', sizeBytes: 256 * 1024 }];
    const settings = { disks, logger: silentLogger, create: true, reserveBytes: 0 };
    const group = await openJournalGroupOn(files, settings);
    await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(4096, 'base'))]);
    await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(4096, 'newer'))]);
    files.garbledReads = garbledReads;
    const scrub = new JournalScrub({ logger: silentLogger });
    const step = () => group.scrub((journal) => scrub.step(journal, 1_700_000_000_000));
    while (!(await step()).endsPass);
    assert.equal(files.garbledReads, 0, 'the records were read so often');
    assert.equal(scrub.status.damageCount, damages);
    await group.close();
  });
}
