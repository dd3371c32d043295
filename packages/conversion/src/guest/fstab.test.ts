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
  assert.deepEqual(rewriteFstab(text, DEVICES), { text, changes: [] });
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
      assert.deepEqual(rewriteFstab(once.text, DEVICES), { text: once.text, changes: [] });
      assert.equal(once.text.split('\n').length, lines.join('\n').split('\n').length);
    }),
  );
});

test('fields are read with their escapes', () => {
  assert.deepEqual(parseFstab('LABEL="a" /my\\040disk ext4\n'), [
    { source: 'LABEL=a', mountPoint: '/my disk', type: 'ext4', options: ['defaults'] },
  ]);
});
