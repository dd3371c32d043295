import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadableBlockDevice } from '@landfall/block';
import { OperationError, silentLogger } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { StagedServer } from '../staging/staged-server.ts';
import { journalFolder, openSmallJournal, SMALL_DISK, writeEpochs } from '../testing/file-small-journal.ts';
import { ExportRegistry, exportName, parseExportName } from './export-registry.ts';
import type { ExportRecord } from './file-exports.ts';

const RECORD: ExportRecord = { exportId: 'job-1', sourceServerId: 's-1', epoch: 7 };
const DISKS = [
  { diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: 4096, isBootDisk: true },
  { diskId: 'disk-1', deviceName: '/dev/sdb', sizeBytes: 8192, isBootDisk: false },
];
const VIEW: ReadableBlockDevice = {
  sizeBytes: 4096,
  read: async () => undefined,
  allocation: async () => [],
  close: async () => undefined,
};

function create(records: readonly ExportRecord[] = []) {
  const clock = new VirtualClock();
  const saved: (readonly ExportRecord[])[] = [];
  const registry = new ExportRegistry({
    records,
    socketPath: '/run/n b.sock',
    clock,
    save: async (all) => void saved.push(all),
    disksAt: async (_server, epoch) => {
      if (epoch > 7) throw new OperationError('RECOVERY_POINT_MISSING', 'no such point');
      return DISKS;
    },
    openView: async () => VIEW,
  });
  return { registry, saved, clock };
}

test('an export is written down and answered with one escaped NBD URI a disk', async () => {
  const { registry, saved } = create();
  const disks = await registry.open(RECORD);
  assert.deepEqual(saved, [[RECORD]]);
  assert.equal(disks[0]?.nbdUri, 'nbd+unix:///s-1/disk-0%407?socket=/run/n%20b.sock');
  assert.deepEqual(
    disks.map(({ nbdUri: _uri, ...disk }) => disk),
    DISKS,
  );
});

test('opening again is the same export; the same id for another point is refused', async () => {
  const { registry, saved } = create();
  assert.deepEqual(await registry.open(RECORD), await registry.open(RECORD));
  assert.equal(saved.length, 1);
  await assert.rejects(registry.open({ ...RECORD, epoch: 6 }), { code: 'EXPORT_ID_TAKEN' });
  await assert.rejects(registry.open({ ...RECORD, exportId: 'job-2', epoch: 9 }), {
    code: 'RECOVERY_POINT_MISSING',
  });
  assert.equal(registry.exportsOf('s-1').length, 1);
});

test('a disk is exported until the last export of its recovery point is closed', async () => {
  const { registry } = create([RECORD, { ...RECORD, exportId: 'job-2' }]);
  const name = exportName({ sourceServerId: 's-1', diskId: 'disk-1', epoch: 7 });
  assert.deepEqual(await registry.nbdExports.list(), ['s-1/disk-0@7', 's-1/disk-1@7']);
  await registry.close('job-1');
  assert.equal(await registry.nbdExports.open(name), VIEW);
  await registry.close('job-2');
  assert.equal(await registry.nbdExports.open(name), undefined);
  await registry.close('job-2');
});

test('X4: an export with a lease stays while it is opened again, also by a restarted server, and no longer', async () => {
  const leased = { ...RECORD, exportId: 'image-1', leaseMs: 1000 };
  const { registry, clock } = create([RECORD, leased]);
  const ids = () => registry.exportsOf('s-1').map(({ exportId }) => exportId);
  const pass = (durationMs: number) => clock.settle(clock.sleep(durationMs), durationMs + 1);
  await pass(900);
  await registry.open(leased);
  await pass(900);
  await registry.closeExpired();
  assert.deepEqual(ids(), ['job-1', 'image-1']);
  await pass(200);
  await registry.closeExpired();
  assert.deepEqual(ids(), ['job-1']);
  await pass(1_000_000);
  await registry.closeExpired();
  assert.deepEqual(ids(), ['job-1'], 'what a machine reads has no lease');
});

test('names of exports are read back, and nothing else is taken for one', () => {
  const disk = { sourceServerId: 's-1', diskId: 'disk-0', epoch: 12 };
  assert.deepEqual(parseExportName(exportName(disk)), disk);
  for (const name of ['', 's-1', 's-1/disk-0', 's-1/disk-0@', 's-1/disk-0@x', '../a/b@1']) {
    assert.equal(parseExportName(name), undefined);
  }
});

test('X3: a point that retention dropped while its export was written down is not exported', async () => {
  const saved: (readonly ExportRecord[])[] = [];
  const answers = [DISKS];
  const registry = new ExportRegistry({
    records: [],
    socketPath: '/run/nbd.sock',
    clock: new VirtualClock(),
    save: async (all) => void saved.push(all),
    disksAt: async () => {
      const disks = answers.pop();
      if (disks === undefined) throw new OperationError('RECOVERY_POINT_MISSING', 'dropped meanwhile');
      return disks;
    },
    openView: async () => VIEW,
  });
  await assert.rejects(registry.open(RECORD), /dropped meanwhile/);
  assert.deepEqual(saved, [[RECORD], []]);
  assert.deepEqual(registry.exportsOf(RECORD.sourceServerId), []);
});

test('X3: a point that is being dropped is not exported, although it is still there', async (t) => {
  const group = await openSmallJournal(await journalFolder(t), {
    retention: { tiers: [{ everyMs: 0, forMs: 0 }], thinEveryMs: 0 },
  });
  await writeEpochs(group, 8);
  const server = new StagedServer('s-1', [SMALL_DISK], { group, logger: silentLogger });
  const held = () => new Set(registry.exportsOf('s-1').map(({ epoch }) => epoch));
  let thinning: Promise<unknown> | undefined;
  const save = async () => {
    const decided = Promise.withResolvers<void>();
    thinning ??= group.maintain(() => {
      decided.resolve();
      return held();
    });
    if (registry.exportsOf('s-1').length === 0) await decided.promise;
  };
  const registry = new ExportRegistry({
    ...{ records: [], socketPath: '/run/nbd.sock', clock: new VirtualClock(), save },
    disksAt: (_server, epoch) => server.settledDisksAt(epoch),
    openView: async () => VIEW,
  });
  await assert.rejects(registry.open(RECORD), { code: 'RECOVERY_POINT_MISSING' });
  await thinning;
  assert.equal(group.recoveryPoint(RECORD.epoch), undefined);
  assert.deepEqual(registry.exportsOf('s-1'), []);
});
