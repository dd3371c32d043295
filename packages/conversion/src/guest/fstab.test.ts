import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findFilesystem, type GuestDevices, parseFstab, rewriteFstab } from './fstab.ts';

const ROOT = { device: '/dev/sda1', type: 'ext4', uuid: '1111-root', label: 'root', partUuid: 'aaaa-01' };
const DEVICES: GuestDevices = {
  root: ROOT,
  disks: [
    { sourceName: '/dev/nvme0n1', applianceName: '/dev/sda' },
    { sourceName: '/dev/nvme1n1', applianceName: '/dev/sdb' },
  ],
  filesystems: [
    ROOT,
    { device: '/dev/sda2', type: 'swap', uuid: '2222-swap', label: undefined, partUuid: 'aaaa-02' },
    { device: '/dev/sdb', type: 'ext4', uuid: '3333-data', label: 'ledger', partUuid: undefined },
    { device: '/dev/vg-0/lv', type: 'xfs', uuid: '4444-lv', label: undefined, partUuid: undefined },
  ],
};

test('entries by device name become entries by UUID, swap too, and the rest of each line stays', () => {
  const { text, changes } = rewriteFstab(
    `# a comment with /dev/nvme0n1p1
/dev/nvme0n1p1 /           ext4 errors=remount-ro 0 1
/dev/nvme0n1p2 none        swap sw                0 0
\t/dev/nvme1n1   /srv/ledger ext4 defaults          0 2
`,
    DEVICES,
  );
  assert.equal(
    text,
    `# a comment with /dev/nvme0n1p1
UUID=1111-root /           ext4 errors=remount-ro 0 1
UUID=2222-swap none        swap sw                0 0
\tUUID=3333-data   /srv/ledger ext4 defaults          0 2
`,
  );
  assert.equal(changes.length, 3);
});

test('entries that mean the same on any hardware are left alone', () => {
  const text = `UUID=1111-root / ext4 defaults 0 1
LABEL=ledger /srv ext4 defaults 0 2
PARTUUID=AAAA-02 none swap sw 0 0
/dev/mapper/vg--0-lv /var xfs defaults 0 2
/dev/vg-0/lv /opt xfs defaults 0 2
tmpfs /tmp tmpfs size=1G 0 0
nas:/export /mnt nfs4 defaults 0 0
proc /proc proc defaults 0 0
`;
  assert.deepEqual(rewriteFstab(text, DEVICES), { text, changes: [], doubts: [] });
});

test('an entry for a disk that was not replicated no longer holds up the boot', () => {
  const { text } = rewriteFstab(
    '/dev/sdz1 /backup ext4 noatime 0 2\nUUID=dead /old ext4 defaults,nofail 0 2\n',
    DEVICES,
  );
  assert.equal(
    text,
    `/dev/sdz1 /backup ext4 noatime,nofail,x-systemd.device-timeout=5s 0 2
UUID=dead /old ext4 defaults,nofail 0 2
`,
  );
});

const ABSENT = 'nofail,x-systemd.device-timeout=5s';
const UNSEEN = 'nofail,x-systemd.before=local-fs.target';

/** The options that the entry for a name has in the end. */
function optionsFor(name: string, devices: Partial<GuestDevices> = {}): string {
  const { text } = rewriteFstab(`${name} /data ext4 defaults 0 2`, { ...DEVICES, ...devices });
  return parseFstab(text)[0]?.options.join() ?? '';
}

test('a volume of LVM, device mapper or RAID that is on none of the disks does not hold up the boot either', () => {
  for (const name of ['/dev/gone/lv', '/dev/mapper/gone-lv', '/dev/md0', '/dev/md/data', '/dev/md127p1']) {
    assert.equal(optionsFor(name), `defaults,${ABSENT}`, name);
    const { text, changes } = rewriteFstab(`${name} / ext4 defaults 0 1`, DEVICES);
    assert.equal(text, `${name} / ext4 defaults 0 1`, 'never of root');
    assert.deepEqual(changes, []);
  }
  for (const name of ['/dev/mapper/gone-lv', '/dev/disk/by-id/dm-name-gone-lv']) {
    const { doubts } = rewriteFstab(`${name} /data ext4 noauto 0 2`, DEVICES);
    assert.deepEqual(doubts, [], 'of what is not mounted at the start nothing is said');
  }
});

test('what is mounted over the network, or is no device at all, is left alone', () => {
  for (const line of [
    '/dev/mapper/san-lv /san ext4 _netdev 0 0',
    '/dev/shm/image /image ext4 loop 0 0',
    '/dev/sr0 /media iso9660 noauto 0 0',
  ]) {
    assert.equal(rewriteFstab(line, DEVICES).text, line);
  }
});

test('what crypttab opens is left alone, and what may lie in an encrypted volume is waited for', () => {
  const opened = new Set(['/dev/mapper/vault']);
  const luks = { device: '/dev/sdb1', type: 'crypto_LUKS', uuid: '7', label: undefined, partUuid: undefined };
  const devices = { opened, filesystems: [ROOT, luks] };
  assert.equal(optionsFor('/dev/mapper/vault', devices), 'defaults');
  assert.equal(optionsFor('/dev/disk/by-id/dm-name-vault', devices), 'defaults');
  for (const name of ['/dev/inner/lv', '/dev/mapper/inner-lv', 'UUID=dead', 'LABEL=inner']) {
    assert.equal(optionsFor(name, devices), `defaults,${UNSEEN}`, name);
  }
  assert.equal(optionsFor('/dev/sdz1', devices), `defaults,${ABSENT}`);
});

test('an array has another name where it was looked for: it is waited for, and told of', () => {
  const member = { device: '/dev/sdb1', type: 'linux_raid_member', uuid: '9', label: undefined };
  const filesystems = [ROOT, { ...member, partUuid: undefined }];
  assert.equal(optionsFor('/dev/md0', { filesystems }), `defaults,${UNSEEN}`);
  const { doubts } = rewriteFstab('/dev/md0 /data ext4 defaults 0 2', { ...DEVICES, filesystems });
  assert.match(doubts.join(), /^\/data may be missing: \/dev\/md0 /);
});

test('a name by serial number or slot does not say that the disk was not replicated', () => {
  for (const name of [
    '/dev/disk/by-id/ata-X_1-part1',
    '/dev/disk/by-path/pci-0000:00:1f.2-ata-1',
    '/dev/mapper/mpatha-part1',
  ]) {
    assert.equal(optionsFor(name), `defaults,${ABSENT}`);
    const { changes, doubts } = rewriteFstab(`${name} /my\\040data ext4 defaults 0 2`, DEVICES);
    assert.doesNotMatch(changes[0]?.reason ?? '', /replicated/);
    assert.deepEqual(doubts, [`/my data may be missing: ${name} does not tell which disk is meant`]);
    const again = rewriteFstab(`${name} none swap sw,nofail 0 0`, DEVICES);
    assert.deepEqual([again.changes, again.doubts.length], [[], 1], 'missing all the same');
    assert.match(again.doubts[0] ?? '', /^swap may be missing/);
  }
  assert.equal(optionsFor('/dev/disk/by-partlabel/data'), `defaults,${UNSEEN}`);
  const { text } = rewriteFstab('/dev/disk/by-id/dm-name-vg--0-lv /data xfs defaults 0 2', DEVICES);
  assert.equal(text, 'UUID=4444-lv /data xfs defaults 0 2');
});

test('root is found even when the table names it by a device that is none of the disks', () => {
  const { text } = rewriteFstab('/dev/xvda1 / ext4 defaults 0 1\n', DEVICES);
  assert.equal(text, 'UUID=1111-root / ext4 defaults 0 1\n');
});

test('a filesystem is found by every kind of name', () => {
  const names = [
    '/dev/nvme0n1p1',
    'UUID=1111-ROOT',
    'LABEL=root',
    'PARTUUID=aaaa-01',
    '/dev/disk/by-uuid/1111-root',
  ];
  for (const name of names) assert.equal(findFilesystem(name, DEVICES), ROOT, name);
  assert.equal(findFilesystem('/dev/mapper/vg--0-lv', DEVICES)?.uuid, '4444-lv');
  assert.equal(findFilesystem('/dev/sdq9', DEVICES), undefined);
});

test('rewriting a second time changes nothing more, whatever the lines are', () => {
  const source = fc.constantFrom(
    '/dev/nvme0n1p1',
    '/dev/nvme1n1',
    '/dev/sdz9',
    'UUID=x',
    '/dev/disk/by-id/wwn-0x5-part1',
    '/dev/gone/lv',
    '/dev/md0',
    'tmpfs',
    '#',
    'LABEL=root',
  );
  const line = fc.oneof(
    fc
      .tuple(source, fc.constantFrom('/', '/srv', 'none'), fc.constantFrom('ext4', 'swap'))
      .map(([device, mountPoint, type]) => `${device} ${mountPoint}\t${type} defaults 0 0`),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const once = rewriteFstab(lines.join('\n'), DEVICES);
      const { doubts } = once;
      assert.deepEqual(rewriteFstab(once.text, DEVICES), { text: once.text, changes: [], doubts });
      assert.equal(once.text.split('\n').length, lines.join('\n').split('\n').length);
    }),
  );
});

test('fields are read with their escapes', () => {
  assert.deepEqual(parseFstab('LABEL="a" /my\\040disk ext4\n'), [
    { source: 'LABEL=a', mountPoint: '/my disk', type: 'ext4', options: ['defaults'] },
  ]);
});
