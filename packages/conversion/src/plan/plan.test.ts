import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InitramfsContent } from '../guest/initramfs.ts';
import type { GuestInspection, InspectedKernel } from '../guest/inspection.ts';
import { parseKernelModules } from '../guest/kernel-modules.ts';
import { type ConversionStep, planConversion } from './plan.ts';
import { KERNELS_MAX } from './plan-drivers.ts';

const TARGET = {
  macAddress: '52:54:00:aa:bb:cc',
  given: { address: '10.0.2.15/24', gateway: '10.0.2.2' },
};
const ROOT = { device: '/dev/sda1', type: 'ext4', uuid: '1111', label: undefined, partUuid: undefined };
const MODULES_DEP = `kernel/drivers/virtio/virtio.ko:
kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/net/virtio_net.ko.xz: kernel/drivers/virtio/virtio.ko
`;

function content(
  changes: Partial<InitramfsContent> & { readonly list?: readonly string[] } = {},
): InitramfsContent {
  const { list = ['conf/modules', 'usr/lib/modules/6.1'], ...rest } = changes;
  return {
    compression: 'zstd',
    names: new Set(list),
    settings: new Map([['conf/modules', 'ext4\n']]),
    ...rest,
  };
}

function kernel(
  initramfs: InitramfsContent | undefined,
  version = '6.1',
  dep = MODULES_DEP,
): InspectedKernel {
  return {
    version,
    modules: parseKernelModules(dep, ''),
    modulesFolder: `/lib/modules/${version}`,
    indexFiles: [],
    initramfs: { path: `/boot/initrd.img-${version}`, content: initramfs },
  };
}

function guest(changes: Partial<GuestInspection> = {}): GuestInspection {
  return {
    disks: [{ diskId: 'disk-0', isBootDisk: true, sourceName: '/dev/nvme0n1', applianceName: '/dev/sda' }],
    filesystems: [ROOT],
    root: ROOT,
    os: { id: 'debian', versionId: '12', prettyName: 'Debian 12' },
    kernels: [kernel(content())],
    initramfsBuilder: 'initramfs-tools',
    files: new Map(),
    present: new Set(),
    links: new Map(),
    hasBiosBootCode: true,
    hasEfiPartition: false,
    ...changes,
  };
}

function stepOf<Kind extends ConversionStep['kind']>(steps: readonly ConversionStep[], kind: Kind) {
  const found = steps.find((step) => step.kind === kind);
  assert.ok(found !== undefined, `no ${kind} in ${JSON.stringify(steps.map((step) => step.kind))}`);
  return found as Extract<ConversionStep, { kind: Kind }>;
}

function written(steps: readonly ConversionStep[], path: string): string | undefined {
  for (const step of steps) if (step.kind === 'WRITE_FILE' && step.path === path) return step.text;
  return undefined;
}

test('missing boot drivers are added with all they need, and later kernels get them too', () => {
  const { steps } = planConversion(guest(), TARGET);
  const extend = stepOf(steps, 'EXTEND_INITRAMFS');
  assert.deepEqual([...extend.modules].sort(), ['virtio', 'virtio_blk', 'virtio_pci', 'virtio_ring']);
  assert.equal(extend.settings.get('conf/modules'), 'ext4\nvirtio_pci\nvirtio_blk\n');
  assert.equal(
    written(steps, '/etc/initramfs-tools/modules'),
    '# Added by Landfall\nvirtio_pci\nvirtio_blk\n',
  );
});

test('a guest that already starts on the target needs nothing', () => {
  const drivers = ['virtio', 'virtio_ring', 'virtio_pci', 'virtio_blk'].map(
    (name) => `lib/modules/6.1/${name}.ko`,
  );
  const files = new Map([['/etc/fstab', 'UUID=1111 / ext4 defaults 0 1\n']]);
  const { steps } = planConversion(guest({ kernels: [kernel(content({ list: drivers }))], files }), TARGET);
  assert.deepEqual(steps, []);
});

test('the resume device is named by UUID in /etc and in the initramfs that is there, and one that is gone by none', () => {
  const swap = { device: '/dev/sda2', type: 'swap', uuid: '2222', label: undefined, partUuid: undefined };
  const settings = new Map([
    ['conf/modules', 'ext4\n'],
    ['conf/conf.d/resume', 'RESUME=/dev/nvme0n1p2\n'],
    ['conf/conf.d/zz-resume-auto', 'RESUME="/dev/sdq7"\n'],
    ['conf/conf.d/other', 'RESUME=/dev/mapper/vg-swap\n'],
  ]);
  const files = new Map([['/etc/initramfs-tools/conf.d/resume', 'RESUME=/dev/nvme0n1p2\n']]);
  const changes = { filesystems: [ROOT, swap], files, kernels: [kernel(content({ settings }))] };
  const { steps } = planConversion(guest(changes), TARGET);
  assert.equal(written(steps, '/etc/initramfs-tools/conf.d/resume'), 'RESUME=UUID=2222\n');
  const extensions = steps.filter((step) => step.kind === 'EXTEND_INITRAMFS');
  assert.deepEqual(
    new Map(extensions.flatMap((step) => [...step.settings])),
    new Map([
      ['conf/modules', 'ext4\nvirtio_pci\nvirtio_blk\n'],
      ['conf/conf.d/resume', 'RESUME=UUID=2222\n'],
      ['conf/conf.d/zz-resume-auto', 'RESUME=none\n'],
    ]),
  );
});

test('a resume device that other hardware has as well stays', () => {
  const files = new Map([['/etc/initramfs-tools/conf.d/resume', 'RESUME=/dev/mapper/vg-swap\n']]);
  const { steps } = planConversion(guest({ files }), TARGET);
  assert.equal(written(steps, '/etc/initramfs-tools/conf.d/resume'), undefined);
});

test('an initramfs that nothing can follow, or that cannot be read, is rebuilt by the guest itself', () => {
  for (const found of [content({ compression: 'lz4' }), undefined]) {
    const { steps } = planConversion(guest({ kernels: [kernel(found)] }), TARGET);
    assert.deepEqual(stepOf(steps, 'RUN_IN_GUEST').argv, ['update-initramfs', '-u', '-k', '6.1']);
    const dracut = planConversion(guest({ kernels: [kernel(found)], initramfsBuilder: 'dracut' }), TARGET);
    assert.deepEqual(stepOf(dracut.steps, 'RUN_IN_GUEST').argv, [
      'dracut',
      '-f',
      '/boot/initrd.img-6.1',
      '6.1',
    ]);
  }
});

test('a guest that cannot start is refused with a reason and what to do', () => {
  const cases: readonly [Partial<GuestInspection>, RegExp][] = [
    [
      { kernels: [kernel(content(), '6.1', 'kernel/drivers/virtio/virtio_pci.ko:\n')] },
      /has no virtio_blk, virtio_net/,
    ],
    [{ kernels: [kernel(undefined)], initramfsBuilder: 'unknown' }, /neither initramfs-tools nor dracut/],
  ];
  for (const [changes, message] of cases) {
    assert.throws(
      () => planConversion(guest(changes), TARGET),
      (error: { code?: string; hint?: string; message?: string }) => {
        assert.equal(error.code, 'CONVERSION_IMPOSSIBLE');
        assert.match(error.message ?? '', message);
        return (error.hint ?? '').length > 0;
      },
    );
  }
});

test('only the newest kernels are changed, and the others are named', () => {
  const versions = ['6.4', '6.3', '6.2', '6.1', '6.0'];
  const { steps, notes } = planConversion(
    guest({ kernels: versions.map((version) => kernel(content(), version)) }),
    TARGET,
  );
  assert.equal(steps.filter((step) => step.kind === 'EXTEND_INITRAMFS').length, KERNELS_MAX);
  assert.deepEqual(
    notes.filter(({ finding }) => finding === 'OLDER_KERNELS').map(({ what }) => what),
    ['older kernels left as they are: 6.1, 6.0'],
  );
});

test('the filesystem table and the bootloader stop naming hardware', () => {
  const files = new Map([
    ['/etc/fstab', '/dev/nvme0n1p1 / ext4 defaults 0 1\n'],
    ['/boot/grub/grub.cfg', 'linux /vmlinuz root=/dev/nvme0n1p1 ro\n'],
    ['/etc/default/grub', 'GRUB_DISABLE_LINUX_UUID=true\n'],
    ['/etc/initramfs-tools/conf.d/resume', 'RESUME=/dev/nvme0n1p9\n'],
  ]);
  const { steps } = planConversion(guest({ files }), TARGET);
  assert.equal(written(steps, '/etc/fstab'), 'UUID=1111 / ext4 defaults 0 1\n');
  assert.equal(written(steps, '/boot/grub/grub.cfg'), 'linux /vmlinuz root=UUID=1111 ro\n');
  assert.equal(written(steps, '/etc/default/grub'), '# GRUB_DISABLE_LINUX_UUID=true\n');
  assert.equal(written(steps, '/etc/initramfs-tools/conf.d/resume'), 'RESUME=none\n');
  const detail = steps.find((step) => step.title === 'Filesystem table')?.detail;
  assert.match(detail ?? '', /\/dev\/nvme0n1p1 .* → UUID=1111/);
});

test('an encrypted volume that is named by hardware is named by UUID, and told under the same finding', () => {
  const vault = {
    device: '/dev/sda5',
    type: 'crypto_LUKS',
    uuid: '7777',
    label: undefined,
    partUuid: undefined,
  };
  const files = new Map([
    ['/etc/crypttab', 'vault /dev/nvme0n1p5 /root/key luks\n'],
    ['/etc/fstab', '/dev/mapper/vault /safe ext4 defaults 0 2\n'],
  ]);
  const { steps } = planConversion(guest({ files, filesystems: [ROOT, vault] }), TARGET);
  assert.equal(written(steps, '/etc/fstab'), undefined, 'what it opens will be there');
  assert.equal(written(steps, '/etc/crypttab'), 'vault UUID=7777 /root/key luks\n');
  assert.deepEqual(
    steps.filter(({ finding }) => finding === 'FSTAB_BY_HARDWARE').map(({ detail }) => detail),
    ['vault /dev/nvme0n1p5 /root/key luks → vault UUID=7777 /root/key luks (named by hardware, now by UUID)'],
  );
});

test('the replication agent of the copy is masked, and its identity is put aside', () => {
  const unit = '/etc/systemd/system/landfall-agent.service';
  const inspection = guest({
    files: new Map([[unit, '[Service]\n']]),
    present: new Set([unit, '/var/lib/landfall-agent']),
  });
  const steps = planConversion(inspection, TARGET).steps.filter(
    (step) => step.title === 'Replication agent off',
  );
  assert.deepEqual(
    steps.map((step) =>
      step.kind === 'MOVE'
        ? `${step.from} > ${step.to}`
        : `${step.kind} ${'target' in step ? step.target : ''}`,
    ),
    [
      `${unit} > ${unit}.landfall-source`,
      'LINK /dev/null',
      '/var/lib/landfall-agent > /var/lib/landfall-agent.landfall-source',
    ],
  );
});
