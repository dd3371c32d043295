import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@landfall/runtime';
import { assignDiskIds, type FoundDisk, type KnownDisk } from './disk-mapping.ts';
import { type DiskDetection, DiskWatch } from './disk-watch.ts';

const disk = (letter: string, sizeBytes: number): FoundDisk => ({
  deviceName: `/dev/sd${letter}`,
  sizeBytes,
  serial: letter.toUpperCase(),
  isBootDisk: letter === 'a',
});

function createWorld(detection: DiskDetection) {
  const world = {
    found: [disk('a', 100), disk('b', 200)] as readonly FoundDisk[],
    nowMs: 1_000_000,
    saved: [] as (readonly KnownDisk[])[],
    thorough: 0,
  };
  const watch = new DiskWatch({
    disks: assignDiskIds(world.found),
    detection,
    logger: silentLogger,
    clock: { ...systemClock, nowMs: () => world.nowMs },
    findDisks: async (_known, thorough) => {
      if (thorough) world.thorough += 1;
      return world.found;
    },
    save: async (disks) => void world.saved.push(disks),
  });
  const kinds = () => watch.changes.map(({ kind, diskId }) => `${kind} ${diskId}`);
  return { world, watch, kinds };
}

const SECONDS_30 = 30_000;

test('all disks are looked for at the start and every 30 s; in between only the known ones are', async () => {
  const { world, watch } = createWorld('ALL');
  assert.equal(await watch.look([], false), false);
  world.nowMs += SECONDS_30 - 1;
  await watch.look([], true);
  assert.equal(world.thorough, 1);
  world.nowMs += 1;
  await watch.look([], true);
  assert.equal(world.thorough, 2);
  world.nowMs -= 3_600_000;
  await watch.look([], true);
  assert.equal(world.thorough, 3, 'a wall clock that was set back delays nothing');
});

test('a disk that appears joins within 30 s under an id of its own, written down before it takes effect', async () => {
  const { world, watch, kinds } = createWorld('ALL');
  await watch.look([], false);
  world.found = [...world.found, disk('c', 300), { ...disk('x', 9), isDiscovered: false }];
  assert.equal(await watch.look([], true), false, 'not yet looked for');
  world.nowMs += SECONDS_30;
  assert.equal(await watch.look([], true), true);
  const { diskId, deviceName, isBootDisk } = watch.disks[2] ?? {};
  assert.deepEqual([diskId, deviceName, isBootDisk], ['disk-2', '/dev/sdc', false]);
  assert.equal(watch.disks.length, 3, 'a device that is only taken when named does not join');
  assert.deepEqual(world.saved.at(-1), watch.disks);
  assert.deepEqual(kinds(), ['ADDED disk-2']);
  assert.deepEqual(watch.joiningDiskIds, ['disk-2'], 'its first copy keeps nobody waiting');
  watch.onJoined(['disk-2']);
  assert.equal(await watch.look([], true), false);
  assert.deepEqual(watch.joiningDiskIds, []);
  assert.ok(world.saved.at(-1)?.every(({ isJoining }) => isJoining === undefined));
});

test('a list that cannot be written down does not take effect', async () => {
  const failing = new DiskWatch({
    disks: assignDiskIds([disk('a', 100)]),
    detection: 'NAMED',
    logger: silentLogger,
    clock: systemClock,
    findDisks: async () => [disk('a', 150)],
    save: async () => {
      throw new Error('no space');
    },
  });
  await assert.rejects(failing.look([], false), /no space/);
  assert.equal(failing.disks[0]?.sizeBytes, 100);
  assert.deepEqual(failing.changes, []);
});

test('named disks are followed as they grow and shrink, and nothing joins them', async () => {
  const { world, watch, kinds } = createWorld('NAMED');
  world.found = [disk('a', 150), disk('b', 120), disk('c', 300)];
  assert.equal(await watch.look([], true), true);
  assert.deepEqual(
    watch.disks.map(({ sizeBytes }) => sizeBytes),
    [150, 120],
  );
  assert.deepEqual(kinds(), ['GROWN disk-0', 'SHRUNK disk-1']);
  assert.equal(watch.changes[0]?.previousSizeBytes, 100);
});

test('without detection sizes stay while disks are tracked, and are taken when tracking begins', async () => {
  const { world, watch } = createWorld('OFF');
  world.found = [disk('a', 150), disk('b', 200), disk('c', 300)];
  assert.equal(await watch.look([], true), false);
  assert.equal(watch.disks[0]?.sizeBytes, 100);
  assert.equal(await watch.look([], false), true);
  assert.deepEqual(
    watch.disks.map(({ sizeBytes }) => sizeBytes),
    [150, 200],
  );
});

test('a disk that vanished stops everything by name until it is back or excluded', async () => {
  const { world, watch, kinds } = createWorld('ALL');
  await watch.look([], false);
  world.found = [disk('a', 100)];
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await assert.rejects(watch.look([], true), {
      code: 'DISK_VANISHED',
      message: /disk-1 \(\/dev\/sdb\)/,
      hint: /exclude-disk SERVER disk-1/,
    });
  }
  assert.equal(await watch.look(['disk-1'], false), true, 'the server goes on without it');
  assert.deepEqual(
    watch.disks.map(({ diskId }) => diskId),
    ['disk-0'],
  );
  world.found = [disk('a', 100), { ...disk('b', 200), deviceName: '/dev/sdz' }];
  world.nowMs += SECONDS_30;
  assert.equal(
    await watch.look(['disk-1'], true),
    false,
    'an excluded disk that is back does not join as a new one',
  );
  assert.equal(await watch.look([], true), true);
  assert.equal(watch.disks[1]?.deviceName, '/dev/sdz');
  assert.deepEqual(kinds(), ['VANISHED disk-1', 'EXCLUDED disk-1', 'INCLUDED disk-1']);
});
