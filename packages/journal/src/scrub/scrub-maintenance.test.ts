/** The scrub beside compaction and base advance: what moves meanwhile is not damage. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { openToMaintain, writeJournal } from '../compaction/compacted-journal.testing.ts';
import { CONTENT_AT } from '../test-storage.testing.ts';
import { JournalScrub } from './journal-scrub.ts';

const NOW_MS = 1_700_000_000_000;

test('nothing is found before, beside and after maintenance, and a changed byte after it is', async () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const { files } = await writeJournal(seed);
    const group = await openToMaintain(files);
    const scrub = new JournalScrub({ logger: silentLogger });
    const step = () => group.scrub((journal) => scrub.step(journal, NOW_MS));
    for (let steps = 0, hasMore = true; hasMore; steps += 1) {
      assert.ok(steps < 10_000, 'maintenance ends');
      const [done] = await Promise.all([group.maintain(), step()]);
      hasMore = done.hasMore;
    }
    const before = scrub.status.passes;
    while (scrub.status.passes < before + 2) await step();
    assert.equal(scrub.status.damageCount, 0, `seed ${seed}: ${JSON.stringify(scrub.status.damages)}`);
    const segment = files.paths().findLast((path) => path.includes('/segments/')) ?? '';
    const at = CONTENT_AT + 20;
    files.damage(segment, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at));
    while (scrub.status.passes < before + 3) await step();
    assert.equal(scrub.status.damages[0]?.path, segment);
    await group.close();
  }
});
