import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inspectionOf, kernelOf, RHEL_LIKE, WINDOWS } from '../guest/golden-guests.testing.ts';
import type { ForeignSystem, GuestInspection } from '../guest/inspection.ts';
import { type ConversionMethod, chooseTool } from '../plan/conversion-method.ts';
import { virtV2vDomain } from './virt-v2v-domain.ts';
import { saysVirtio, VirtV2vOutput } from './virt-v2v-messages.ts';

const OUTPUT = `{ "message": "Setting up the source: -i libvirtxml guest.xml", "timestamp": "2026-01-01T00:00:00", "type": "message" }
[   0.0] Setting up the source: -i libvirtxml guest.xml
{ "message": "mount: mount_stub: /dev/nvme0n1p1: No such file or directory", "type": "error" }
{ no JSON
{ "message": "of a kind nobody knows", "type": "progress" }
{ "message": "This guest has virtio drivers installed.", "type": "info" }
`;

function familyOf(id: string, changes: Partial<GuestInspection>): GuestInspection {
  return inspectionOf({ inspection: { os: { id, versionId: '5', prettyName: id }, ...changes } });
}

test('virt-v2v is taken where it is asked for, for Windows, and where ours gives a known family no virtio', () => {
  const closed = { kernels: [kernelOf('2.6.18', [], 'lz4')], initramfsBuilder: 'unknown' } as const;
  const ready = { kernels: [kernelOf('6.1', ['virtio', 'virtio_ring', 'virtio_pci', 'virtio_blk'])] };
  assert.ok('family' in WINDOWS.found && 'root' in RHEL_LIKE.found);
  const cases: readonly [GuestInspection | ForeignSystem, ConversionMethod, boolean, string][] = [
    [WINDOWS.found, 'AUTOMATIC', true, 'VIRT_V2V'],
    [WINDOWS.found, 'AUTOMATIC', false, 'LANDFALL'],
    [WINDOWS.found, 'LANDFALL', true, 'LANDFALL'],
    [{ ...WINDOWS.found, family: 'OTHER' }, 'AUTOMATIC', true, 'LANDFALL'],
    [RHEL_LIKE.found, 'AUTOMATIC', true, 'LANDFALL'],
    [familyOf('centos', closed), 'AUTOMATIC', true, 'VIRT_V2V'],
    [familyOf('centos', closed), 'AUTOMATIC', false, 'LANDFALL'],
    [familyOf('debian', closed), 'AUTOMATIC', true, 'LANDFALL'],
    [familyOf('opensuse-leap', ready), 'AUTOMATIC', true, 'LANDFALL'],
    [familyOf('debian', ready), 'VIRT_V2V', true, 'VIRT_V2V'],
  ];
  for (const [found, method, hasVirtV2v, expected] of cases) {
    const name = 'os' in found ? found.os.id : found.prettyName;
    assert.equal(chooseTool(found, { method, hasVirtV2v }), expected, `${name} ${method} ${hasVirtV2v}`);
  }
  const compatible = { method: 'AUTOMATIC', hasVirtV2v: true, hardware: 'COMPATIBLE' } as const;
  assert.equal(chooseTool(WINDOWS.found, compatible), 'LANDFALL', 'for that nothing has to be changed');
});

test('the disks are told in order, the boot disk first, whatever their paths are', () => {
  const xml = virtV2vDomain([
    { overlayPath: "/a/data & 'more'.qcow2", isBootDisk: false },
    { overlayPath: '/a/root.qcow2', isBootDisk: true },
  ]);
  assert.deepEqual(
    [...xml.matchAll(/file='([^']+)'|dev='([^']+)'/g)].map((match) => match[1] ?? match[2]),
    ['/a/root.qcow2', 'sda', '/a/data &#38; &#39;more&#39;.qcow2', 'sdb'],
  );
});

test('messages are read from output in pieces of any size, and nothing else is taken for one', () => {
  const property = fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (sizes) => {
    const output = new VirtV2vOutput();
    const found = [];
    for (let offset = 0, index = 0; offset < OUTPUT.length; index += 1) {
      const size = sizes[index % sizes.length] ?? 1;
      found.push(...output.take(OUTPUT.slice(offset, offset + size)));
      offset += size;
    }
    assert.deepEqual(
      found.map(({ type, text }) => `${type} ${text}`),
      [
        'message Setting up the source: -i libvirtxml guest.xml',
        'error mount: mount_stub: /dev/nvme0n1p1: No such file or directory',
        'info This guest has virtio drivers installed.',
      ],
    );
    assert.equal(saysVirtio(found), true);
  });
  fc.assert(property, { numRuns: 100 });
});

test('what virt-v2v says of drivers is heard', () => {
  const say = (text: string) => saysVirtio([{ type: 'info', text }]);
  assert.equal(say('This guest does not have virtio drivers installed.'), false);
  assert.equal(say('This guest has virtio drivers installed.'), true);
  assert.equal(say('Picking a kernel'), undefined);
});
