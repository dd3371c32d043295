import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openedNames, parseCrypttab, rewriteCrypttab } from './crypttab.ts';
import type { GuestDevices } from './fstab.ts';

const ROOT = { device: '/dev/sda1', type: 'ext4', uuid: '1111', label: undefined, partUuid: undefined };
const DEVICES: GuestDevices = {
  root: ROOT,
  disks: [
    { sourceName: '/dev/sda', applianceName: '/dev/sda' },
    { sourceName: '/dev/nvme0n1', applianceName: '/dev/sdb' },
  ],
  filesystems: [
    ROOT,
    { device: '/dev/sdb1', type: 'crypto_LUKS', uuid: '7777', label: undefined, partUuid: 'aaaa-01' },
    { device: '/dev/sdb2', type: 'swap', uuid: '8888', label: undefined, partUuid: 'aaaa-02' },
  ],
};

test('crypttab is read with and without its optional fields', () => {
  assert.deepEqual(parseCrypttab('# a comment\n\nvault  UUID=7\nother /dev/sdb1 /key luks,discard\n'), [
    { name: 'vault', source: 'UUID=7', key: 'none', options: [''] },
    { name: 'other', source: '/dev/sdb1', key: '/key', options: ['luks', 'discard'] },
  ]);
});

test('an encrypted device is named by what is the same on any hardware, and the rest of its line stays', () => {
  const { text, changes } = rewriteCrypttab(
    `# vault /dev/nvme0n1p1
vault\t/dev/nvme0n1p1  /root/key luks,discard # nightly
scratch /dev/nvme0n1p2 /dev/urandom swap
kept UUID=7777 none luks
away /dev/sdz1 none luks
`,
    DEVICES,
  );
  assert.equal(
    text,
    `# vault /dev/nvme0n1p1
vault\tUUID=7777  /root/key luks,discard # nightly
scratch /dev/disk/by-partuuid/aaaa-02 /dev/urandom swap
kept UUID=7777 none luks
away /dev/sdz1 none luks
`,
    'the UUID of what is no LUKS is gone once it was opened with a key of its own',
  );
  assert.equal(changes.length, 2);
  assert.deepEqual(rewriteCrypttab(text, DEVICES), { text, changes: [] });
});

test('what is opened at the start has a name of device mapper, if its device was found', () => {
  const table = 'vault /dev/nvme0n1p1 /key luks\naway /dev/sdz1 none luks\nsafe UUID=7777 none\n';
  assert.deepEqual([...openedNames(table, DEVICES)], ['/dev/mapper/vault', '/dev/mapper/safe']);
});
