import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MIB, silentLogger, systemClock } from '@landfall/runtime';
import { StagingArea } from '../staging/staging-area.ts';
import { retentionBy } from './file-retention.ts';
import { retentionHandlers } from './retention-handlers.ts';

const ID = 's-1';
const DISKS = [{ diskId: 'd-1', deviceName: '/dev/sda', sizeBytes: MIB, isBootDisk: true }];
const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;

test('a preview counts what would be dropped, but not what an export holds, and changes nothing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-retention-'));
  const area = new StagingArea({
    ...{ stagingFolder: folder, records: [], logger: silentLogger, clock: systemClock },
    save: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    retentionOf: retentionBy({ default: [{ everyMs: 0, forMs: HOUR_MS }] }),
  });
  t.after(() => area.close().finally(() => rm(folder, { recursive: true, force: true })));
  await area.configure({ servers: [{ sourceServerId: ID, certificateFingerprint: 'aa', disks: DISKS }] });
  const { group } = area.server(ID);
  for (let epoch = 1; epoch <= 10; epoch += 1) {
    await group.putZeroes(0, 0, 4096);
    await group.commit({
      ...{ epoch, cutTimeMs: epoch * SECOND_MS, cutMonotonicNs: BigInt(epoch) * 1_000_000_000n },
      ...{ consistency: 'CRASH_CONSISTENT', extentCount: 1 },
    });
  }
  const exports = { exportsOf: () => [{ exportId: 'e-1', sourceServerId: ID, epoch: 2 }] };
  const { previewRetention } = retentionHandlers(area, exports);
  const own = [{ everyMs: 0, forMs: 3 * SECOND_MS }];
  assert.deepEqual(await previewRetention({ sourceServerId: ID, wish: { own } }), {
    ...{ points: 10, droppedPoints: 6, oldestMs: SECOND_MS, oldestKeptMs: 2 * SECOND_MS },
  });
  assert.equal((await previewRetention({ sourceServerId: ID, wish: {} })).droppedPoints, 0);
  assert.equal(group.recoveryPointCount, 10);
});
