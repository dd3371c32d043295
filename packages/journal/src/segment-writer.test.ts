import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB, seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk } from './extents.testing.ts';
import type { JournalFile } from './journal-files.ts';
import type { JournalGroup } from './journal-group.ts';
import { openJournalGroupOn } from './open-journal-group.ts';
import { SimulatedJournalFiles } from './simulated-journal-files.ts';

const DISK_BYTES = 5 * MIB;

interface Piece {
  readonly startBytes: number;
  readonly endBytes: number;
}

/** Notes every write to a file that was created with it. */
class NotingFiles extends SimulatedJournalFiles {
  readonly pieces: Piece[] = [];

  override async create(path: string): Promise<JournalFile> {
    const file = await super.create(path);
    const write = file.write.bind(file);
    file.write = async (positionBytes, parts) => {
      const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0);
      this.pieces.push({ startBytes: positionBytes, endBytes: positionBytes + lengthBytes });
      await write(positionBytes, parts);
    };
    return file;
  }
}

async function openWithBase(files: SimulatedJournalFiles): Promise<JournalGroup> {
  const disks = [{ diskId: 'disk-0', sizeBytes: DISK_BYTES }];
  const group = await openJournalGroupOn(files, { disks, logger: silentLogger, create: true });
  await putEpoch(group, []);
  return group;
}

test('no write crosses a MiB of the file, and none ends before one but at the end of an epoch', async () => {
  const files = new NotingFiles(seededRandom(1));
  const group = await openWithBase(files);
  const random = seededRandom(2);
  const lengths = [100, MIB, 3 * MIB + 7, 65_536, 1, MIB - 56];
  const expected = Buffer.alloc(DISK_BYTES);
  for (const lengthsOfEpoch of [lengths, lengths.toReversed()]) {
    files.pieces.length = 0;
    const extents = lengthsOfEpoch.map((length, index) => {
      const content = random.bytes(length);
      content.copy(expected, index * 100);
      return rawExtent(0, index * 100, content);
    });
    await putEpoch(group, extents);
    const records = files.pieces.filter(({ endBytes }) => endBytes > 64); // Behind a new segment's header.
    const unaligned = records.filter(({ endBytes }) => endBytes % MIB !== 0);
    assert.deepEqual(unaligned, records.slice(-1));
    for (const { startBytes, endBytes } of records)
      assert.equal(Math.floor(startBytes / MIB), Math.floor((endBytes - 1) / MIB));
  }
  assert.ok((await readDisk(group, 3, 0)).equals(expected));
  await group.close();
  const again = await openJournalGroupOn(files, { logger: silentLogger });
  assert.ok((await readDisk(again, 3, 0)).equals(expected));
  await again.close();
});

test('an epoch dropped in the middle of a record that is partly written leaves nothing', async () => {
  const files = new SimulatedJournalFiles(seededRandom(3));
  const group = await openWithBase(files);
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(MIB, 'kept'))]);
  const dropped = rawExtent(0, 0, Buffer.alloc(2 * MIB + 1000, 'dropped'));
  await group.putExtent(dropped.header, dropped.payload);
  await group.abandon();
  const expected = Buffer.alloc(DISK_BYTES);
  expected.fill('kept', 0, MIB);
  assert.ok((await readDisk(group, 2, 0)).equals(expected));
  await putEpoch(group, [rawExtent(0, 4 * MIB, Buffer.alloc(1000, 'after'))]);
  expected.fill('after', 4 * MIB, 4 * MIB + 1000);
  await group.close();
  const again = await openJournalGroupOn(files, { logger: silentLogger });
  assert.ok((await readDisk(again, 3, 0)).equals(expected));
  await again.close();
});
