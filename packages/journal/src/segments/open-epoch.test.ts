import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIB, MIB, seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { rawExtent, testCommit } from '../extents.testing.ts';
import type { JournalFile } from '../storage/journal-files.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { segmentPath } from './journal-segment.ts';
import {
  COMMIT_RECORD_BYTES,
  participantsOf,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from './segment-records.ts';
import { scanSegment } from './segment-scan.ts';
import { SegmentWriter } from './segment-writer.ts';

const NAME = { journalId: Buffer.alloc(16, 7), diskIndex: 0, segmentNumber: 1 };

interface WrittenHeader {
  readonly fromBytes: number;
  readonly toBytes: number;
  readonly epoch: number;
  /** Of a commit record. */
  readonly durableEpoch?: number;
}

/** Epochs of so many bytes an extent; the last one stays open. */
async function writeSegment(epochs: readonly (readonly number[])[]) {
  const files = new SimulatedJournalFiles(seededRandom(1));
  const writer = await SegmentWriter.create(files, NAME);
  const headers: WrittenHeader[] = [];
  for (const [index, lengths] of epochs.entries()) {
    const epoch = 2 * index + 2; // Not every epoch has records on this disk.
    for (const lengthBytes of lengths) {
      const fromBytes = writer.endBytes;
      const payload = Buffer.alloc(lengthBytes, epoch);
      const { header } = rawExtent(0, 0, payload);
      await writer.appendExtent({ header, payload }, epoch);
      headers.push({ fromBytes, toBytes: fromBytes + RECORD_HEADER_BYTES, epoch });
    }
    if (index === epochs.length - 1) break;
    const fromBytes = writer.endBytes;
    const durableEpoch = Math.max(0, epoch - 3);
    const commit = { ...testCommit(epoch, lengths.length), durableEpoch, participants: participantsOf([0]) };
    await writer.appendCommit(commit);
    writer.acceptCommit(commit);
    headers.push({ fromBytes, toBytes: fromBytes + COMMIT_RECORD_BYTES, epoch, durableEpoch });
  }
  await writer.flush();
  const file = await files.open(segmentPath(0, 1));
  return { file, headers, identity: writer.segment.identity, sizeBytes: writer.endBytes };
}

function countingReads(file: JournalFile): { readonly file: JournalFile; readonly bytes: () => number } {
  let bytes = 0;
  const counting: JournalFile = {
    ...file,
    read: (positionBytes, target) => {
      bytes += target.length;
      return file.read(positionBytes, target);
    },
  };
  return { file: counting, bytes: () => bytes };
}

test('an open epoch as large as a disk is cut off without being read', async () => {
  const large = Array.from({ length: 384 }, () => 64 * KIB);
  const written = await writeSegment([[MIB, 4096], large]);
  const counting = countingReads(written.file);
  const range = { identity: written.identity, ...NAME, toBytes: written.sizeBytes };
  const scan = await scanSegment(counting.file, range);
  assert.deepEqual(
    scan.commits.map(({ epoch }) => epoch),
    [2],
  );
  assert.equal(scan.chainEndBytes, written.sizeBytes);
  assert.ok(counting.bytes() < 4 * MIB, `${counting.bytes()} bytes were read`);
});

test('whatever is cut off or lost, what is found is what a look at every record finds', async () => {
  const epochs = fc.array(fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 6,
  });
  const damage = fc.record({ at: fc.nat(1_000_000), lengthBytes: fc.integer({ min: 0, max: 4000 }) });
  const property = fc.asyncProperty(epochs, damage, fc.nat(1_000_000), async (lengths, lost, cut) => {
    const { file, headers, identity, sizeBytes } = await writeSegment(lengths);
    const toBytes = Math.min(sizeBytes, SEGMENT_HEADER_BYTES + (cut % (2 * sizeBytes)));
    const from = Math.min(toBytes, SEGMENT_HEADER_BYTES + (lost.at % sizeBytes));
    const to = Math.min(toBytes, from + lost.lengthBytes);
    const damaged = Buffer.alloc(to - from);
    await file.read(from, damaged);
    await file.write(from, [Buffer.from(damaged.map((byte) => ~byte))]);
    await file.truncate(toBytes);
    const isIntact = (header: WrittenHeader) =>
      header.toBytes <= toBytes && Math.min(header.toBytes, to) <= Math.max(header.fromBytes, from);
    const broken = headers.find((header) => !isIntact(header))?.epoch ?? Number.POSITIVE_INFINITY;
    const commits = headers.filter(({ durableEpoch }) => durableEpoch !== undefined);
    const scan = await scanSegment(file, { identity, ...NAME, toBytes });
    assert.deepEqual(
      scan.commits.map(({ epoch }) => epoch),
      commits.filter(({ epoch }) => epoch < broken).map(({ epoch }) => epoch),
    );
    const durable = commits.filter(isIntact).map(({ durableEpoch = 0 }) => durableEpoch);
    assert.equal(scan.durableEpoch, Math.max(0, ...durable));
  });
  await fc.assert(property, { numRuns: 500 });
});
