import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { silentLogger, systemClock } from '@landfall/runtime';
import { type FakeAnswer, fakeGuestfish } from '../appliance/fake-guestfish.testing.ts';
import { GuestfsSession } from '../appliance/guestfs-session.ts';
import { parseFstab } from '../guest/fstab.ts';
import { isRootByItsFstab, listFilesystems, mountSourceOf, volumeOf } from './guestfs-filesystems.ts';

const DISKS = ['a', 'b'].map((letter) => ({
  ...{ diskId: letter, isBootDisk: letter === 'a' },
  ...{ sourceName: `/dev/vd${letter}`, applianceName: `/dev/sd${letter}` },
}));
const SUBVOLUMES = ['@', '@home', 'with space/and more']
  .map(
    (path, index) => `[${index}] = {
  btrfssubvolume_id: ${256 + index}
  btrfssubvolume_top_level_id: 5
  btrfssubvolume_path: ${path}
}
`,
  )
  .join('');

async function listed(context: TestContext, answers: readonly FakeAnswer[]) {
  const fake = await fakeGuestfish(context, answers);
  const session = new GuestfsSession({
    ...{ useKvm: false, logger: silentLogger, clock: systemClock, timeoutMs: 60_000 },
  });
  try {
    const filesystems = await listFilesystems(session, DISKS);
    return { filesystems, lines: await fake.lines() };
  } finally {
    await session.leave();
  }
}

test('subvolumes of btrfs come after their volume, and are asked for once a volume', async (context) => {
  const { filesystems, lines } = await listed(context, [
    {
      pattern: 'guestfs',
      output: `lrwxrwxrwx 1 0 0 9 Nov 26 18:10 diska -> ../../sda
lrwxrwxrwx 1 0 0 9 Nov 26 18:10 diskb -> ../../sdb
`,
    },
    {
      pattern: '^-debug sh ',
      output: `PATH="/dev/sda" FSTYPE="" UUID=""
PATH="/dev/sda1" FSTYPE="ext4" UUID="e" PARTUUID="p1"
PATH="/dev/sda2" FSTYPE="btrfs" UUID="b" LABEL="data" PARTUUID="p2"
PATH="/dev/sdb" FSTYPE="btrfs" UUID="b"
PATH="/dev/mapper/vg-lv" FSTYPE="btrfs" UUID="c"
PATH="/dev/sdc" FSTYPE="ext2" UUID="of the appliance itself"
`,
    },
    { pattern: 'btrfs-subvolume-list "?/dev/sda2', output: SUBVOLUMES },
    { pattern: 'btrfs-subvolume-list "?/dev/mapper', error: 'cannot be mounted' },
  ]);
  assert.deepEqual(
    filesystems.map(({ device, uuid, partUuid }) => `${device} ${uuid} ${partUuid}`),
    [
      '/dev/sda1 e p1',
      '/dev/sda2 b p2',
      'btrfsvol:/dev/sda2/@ b p2',
      'btrfsvol:/dev/sda2/@home b p2',
      'btrfsvol:/dev/sda2/with space/and more b p2',
      '/dev/sdb b undefined',
      '/dev/mapper/vg-lv c undefined',
    ],
  );
  assert.equal(lines.length, 4, lines.join('\n'));
});

test('where lsblk finds nothing, libguestfs is asked in its own way', async (context) => {
  const { filesystems } = await listed(context, [
    { pattern: '^-debug sh ', error: 'no lsblk' },
    { pattern: '^-list-filesystems', output: 'btrfsvol:/dev/sda2/@: btrfs\n' },
    { pattern: '^-blkid "?/dev/sda2"?$', output: 'UUID: b\nPART_ENTRY_UUID: p\n' },
  ]);
  assert.deepEqual(filesystems, [
    { device: 'btrfsvol:/dev/sda2/@', type: 'btrfs', uuid: 'b', label: undefined, partUuid: 'p' },
  ]);
});

test('a subvolume belongs to its volume, whatever the name of that', () => {
  assert.equal(volumeOf('/dev/sda2'), '/dev/sda2');
  assert.equal(volumeOf('btrfsvol:/dev/sda2/@home/deeper'), '/dev/sda2');
  assert.equal(volumeOf('btrfsvol:/dev/sda/1'), '/dev/sda');
  assert.equal(volumeOf('btrfsvol:/dev/vg/lv/@'), '/dev/vg/lv');
  assert.equal(volumeOf('btrfsvol:/dev/mapper/vg-lv/@/var'), '/dev/mapper/vg-lv');
});

test('what an fstab mounts by a subvolume of btrfs is mounted by it, not by its volume', () => {
  const volume = { ...{ type: 'btrfs', uuid: 'b', label: undefined, partUuid: undefined } };
  const entryOf = (line: string) => parseFstab(line)[0] ?? assert.fail(line);
  const mount = (device: string, line: string) => mountSourceOf({ ...volume, device }, entryOf(line));
  const byName = 'UUID=b /var btrfs noatime,subvol=@var 0 0';
  assert.deepEqual(mount('/dev/sda2', byName), { device: '/dev/sda2', options: ['subvol=@var'] });
  assert.deepEqual(mount('btrfsvol:/dev/sda2/@', byName), { device: '/dev/sda2', options: ['subvol=@var'] });
  const byDefault = 'UUID=b /var btrfs noatime 0 0';
  assert.deepEqual(mount('/dev/sda2', byDefault), { device: '/dev/sda2', options: [] });
  const other = { ...volume, type: 'ext4', device: '/dev/sda1' };
  assert.deepEqual(mountSourceOf(other, entryOf(byName)), { device: '/dev/sda1', options: [] });
});

test('a root that was put aside is told by its own fstab', () => {
  const table = parseFstab('UUID=b / btrfs noatime,subvol=/@ 0 0\n');
  assert.equal(isRootByItsFstab('btrfsvol:/dev/sda2/@', table), true);
  assert.equal(isRootByItsFstab('btrfsvol:/dev/sda2/@.before', table), false);
  assert.equal(isRootByItsFstab('/dev/sda2', table), true, 'its default subvolume may be that one');
  assert.equal(isRootByItsFstab('btrfsvol:/dev/sda2/@.before', []), true, 'nothing speaks against it');
  const byNumber = parseFstab('UUID=b / btrfs subvolid=260 0 0\n');
  assert.equal(isRootByItsFstab('btrfsvol:/dev/sda2/@.before', byNumber), true);
  const byDefault = parseFstab('UUID=b / btrfs defaults 0 0\n');
  assert.equal(isRootByItsFstab('btrfsvol:/dev/sda2/@.before', byDefault), false);
});
