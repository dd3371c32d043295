import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maintainFully, openToMaintain, writeJournal } from './compacted-journal.testing.ts';
import type { JournalStat } from './journal-stat.ts';
import type { SimulatedJournalFiles } from './simulated-journal-files.ts';

function documentBytes(files: SimulatedJournalFiles): number {
  const isDocument = (path: string) => /^(group\.json|points|disk-\d+\/manifest)$/.test(path);
  return files
    .paths()
    .filter(isDocument)
    .reduce((sum, path) => sum + files.content(path).length, 0);
}

function sum(stat: JournalStat): number {
  const segments = [...stat.tiers, stat.older].map(({ segmentBytes }) => segmentBytes);
  const parts = [stat.baseBytes, stat.tableBytes, stat.heldBytes, stat.otherBytes, ...segments];
  return parts.reduce((total, part) => total + part, 0);
}

test('J5: every byte is in base, table, tier, held or other, before, while and after old bytes go', async () => {
  const { files } = await writeJournal(1);
  const group = await openToMaintain(files);
  const view = await group.openView(40);
  await group.pin(3, 'named');
  await group.lock(5, 4_000_000_000_000);
  let held = 0;
  for (let hasMore = true; hasMore; hasMore = (await group.maintain()).hasMore) {
    const stat = await group.stat();
    assert.equal(stat.totalBytes, await files.allocatedBytes());
    assert.equal(sum(stat), stat.totalBytes);
    if (stat.otherBytes !== documentBytes(files)) continue; // A new file is being written.
    assert.ok(stat.otherBytes > 0);
    held = Math.max(held, stat.heldBytes);
  }
  const during = await group.stat();
  assert.equal(during.otherBytes, documentBytes(files), 'nothing else is in the folder');
  assert.ok(held > 0 && during.heldBytes === held, 'what the view reads is counted');
  await view.close();
  const after = await group.stat();
  assert.equal(after.heldBytes, 0);
  assert.equal(after.otherBytes, documentBytes(files));
  const points = [...after.tiers, after.older].map((tier) => tier.points);
  assert.equal(
    points.reduce((total, count) => total + count, 0),
    group.recoveryPointCount,
  );
  assert.ok(
    points.slice(0, 2).every((count) => count > 0),
    points.join(', '),
  );
  assert.deepEqual([after.pinnedPoints, after.lockedPoints], [1, 1]);
  await maintainFully(group);
  await group.close();
});
