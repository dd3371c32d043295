import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { diskFactsAt } from './linux-disks.ts';
import { type DiskFacts, whyNotDiscovered, whyNotTrackable } from './trackability.ts';

const DISK: DiskFacts = {
  name: 'sda',
  isHidden: false,
  isRequestBased: true,
  zoned: 'none',
  isDax: false,
  below: [],
};

test('an ordinary disk can be tracked', () => {
  assert.equal(whyNotTrackable(DISK), undefined);
});

const REFUSED: readonly (readonly [string, Partial<DiskFacts>, RegExp, RegExp])[] = [
  ['a path of a multipath device', { isHidden: true }, /one path/, /name the multipath device/],
  ['a zoned disk', { zoned: 'host-managed' }, /zoned disk \(host-managed\)/, /leave it out/],
  ['a DAX device', { name: 'pmem0', isDax: true, isRequestBased: false }, /DAX/, /--scan-mode/],
  ['a zram device', { name: 'zram0', isRequestBased: false }, /memory/, /empty after a reboot/],
  ['a brd device', { name: 'ram3', isRequestBased: false }, /memory/, /leave it out/],
  [
    'a RAID',
    { name: 'md127', isRequestBased: false, below: ['sda1', 'sdb1'] },
    /made of/,
    /\/dev\/sda1, \/dev\/sdb1/,
  ],
  [
    'a device-mapper device',
    { name: 'dm-0', isRequestBased: false, below: ['nvme0n1p3'] },
    /bio-based/,
    /nvme0n1p3/,
  ],
  [
    'an NVMe multipath head',
    { name: 'nvme0n1', isRequestBased: false },
    /multipath/,
    /nvme_core.multipath=N/,
  ],
  ['any other bio-based device', { name: 'drbd0', isRequestBased: false }, /bio-based/, /--scan-mode/],
];

for (const [what, facts, why, remedy] of REFUSED) {
  test(`${what} is refused with the reason and a remedy`, () => {
    const refusal = whyNotTrackable({ ...DISK, ...facts });
    assert.match(refusal?.why ?? '', why);
    assert.match(refusal?.remedy ?? '', remedy);
  });
}

test('devices that are no disks of a server are left out by name, with the reason', () => {
  const left = [
    'loop0',
    'ram1',
    'zram0',
    'sr0',
    'fd0',
    'dm-1',
    'md0',
    'nbd3',
    'drbd0',
    'bcache0',
    'mtdblock0',
    'zd16',
  ];
  for (const name of left) assert.ok(whyNotDiscovered(name), name);
  for (const name of ['sda', 'vdb', 'xvda', 'nvme0n1', 'mmcblk0', 'hda']) {
    assert.equal(whyNotDiscovered(name), undefined, name);
  }
  assert.match(whyNotDiscovered('loop0') ?? '', /--devices/);
});

test('the facts of a disk are read from sysfs, where older kernels lack some files', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'landfall-sysfs-'));
  t.after(() => rmSync(root, { recursive: true }));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('sda/mq/0/cpu_list', '0');
  assert.deepEqual(diskFactsAt('sda', root), DISK);
  put('nvme0c0n1/hidden', '1\n');
  assert.equal(diskFactsAt('nvme0c0n1', root).isHidden, true);
  put('sdz/mq/0/cpu_list', '0');
  put('sdz/queue/zoned', 'host-aware\n');
  assert.equal(diskFactsAt('sdz', root).zoned, 'host-aware');
  put('pmem0/queue/dax', '1\n');
  assert.equal(diskFactsAt('pmem0', root).isDax, true);
  put('dm-0/slaves/sda2/size', '1');
  const mapped = diskFactsAt('dm-0', root);
  assert.deepEqual([mapped.isRequestBased, mapped.below], [false, ['sda2']]);
});
