import assert from 'node:assert/strict';
import test from 'node:test';
import { type BareRequest, bareArguments, type Hardware } from './source-hardware.ts';

function argumentsOf(hardware: Hardware, change: Partial<BareRequest> = {}): string {
  return bareArguments({
    ...{ hardware, firmware: 'BIOS', accelerator: 'tcg', cpuCount: 2, memoryMib: 768 },
    ...{
      overlays: ['/f/a.qcow2', '/f/b.qcow2'],
      uefi: undefined,
      consolePath: '/f/console.log',
      flushes: false,
    },
    ...{ hostPort: 4000, guestAddress: '10.0.2.77' },
    ...change,
  }).join(' ');
}

test("a source's hardware has nothing of virtio, and the target's nothing else", () => {
  for (const hardware of ['SATA', 'NVME', 'SCSI'] as const) {
    assert.doesNotMatch(argumentsOf(hardware), /virtio/);
    assert.match(argumentsOf(hardware), /-device e1000,netdev=net0,addr=0x14/);
  }
  assert.doesNotMatch(argumentsOf('VIRTIO'), /e1000|ahci|nvme|pvscsi/);
});

test('each disk has a place of its own, and the first is started from', () => {
  assert.match(
    argumentsOf('SATA'),
    /ide-hd,bus=controller\.0,drive=disk0,bootindex=1 .*controller\.1,drive=disk1/,
  );
  assert.match(
    argumentsOf('SCSI'),
    /scsi-hd,bus=controller\.0,scsi-id=0,.*scsi-id=1,drive=disk1,bootindex=2/,
  );
  assert.match(argumentsOf('NVME'), /nvme,serial=disk0,addr=0x10,drive=disk0,.*addr=0x11,drive=disk1/);
});

test('UEFI has its own variables, and the guest is reached under its own address only', () => {
  const uefi = { codePath: '/code.fd', variablesPath: '/f/variables.fd' };
  const text = argumentsOf('SATA', { firmware: 'UEFI', uefi });
  assert.match(text, /readonly=on,file=\/code\.fd .*readonly=off,file=\/f\/variables\.fd/);
  assert.match(text, /restrict=on,hostfwd=tcp:127\.0\.0\.1:4000-10\.0\.2\.77:80/);
  assert.doesNotMatch(argumentsOf('SATA'), /pflash/);
});
