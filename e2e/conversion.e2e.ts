/**
 * A guest made by hand, with everything in it that conversion changes, in a real appliance: UEFI without the
 * loader that firmware starts, a static address that is kept, names by hardware, our agent, and an initial
 * RAM filesystem without drivers. Converted twice, the second time nothing is done.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type ConversionMethod,
  type ConversionResult,
  convertGuest,
  guestfsEnvironment,
} from '../packages/conversion/src/index.ts';
import { type OperationError, retry, runChecked, silentLogger } from '../packages/runtime/src/index.ts';

const SIZE_BYTES = 256 * 2 ** 20;
const MAC_ADDRESS = '52:54:00:aa:bb:cc';
const AGENT_UNIT = '/etc/systemd/system/landfall-agent.service';
const MODULES_DEP = ['virtio/virtio_pci', 'block/virtio_blk', 'net/virtio_net']
  .map((path) => `kernel/drivers/${path}.ko:\n`)
  .join('');
/** An appliance on a busy host has been seen to name its disks in another order. */
const MAKING_ATTEMPTS_MAX = 3;

const FILES: Readonly<Record<string, string>> = {
  '/etc/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  // The EFI system partition is not in it: it is found by its type.
  '/etc/fstab': '/dev/nvme0n1p2 / ext4 defaults 0 1\n',
  '/etc/network/interfaces': 'auto ens192\niface ens192 inet static\n    address 192.0.2.7/24\n',
  '/etc/cloud/cloud.cfg': 'users: []\n',
  '/etc/udev/rules.d/70-persistent-net.rules': '# old\n',
  '/boot/grub/grub.cfg': 'linux /vmlinuz-6.1 root=/dev/nvme0n1p2 ro\n',
  '/boot/vmlinuz-6.1': 'kernel\n',
  '/boot/efi/EFI/debian/shimx64.efi': 'shim',
  '/boot/efi/EFI/debian/grubx64.efi': 'grub',
  '/boot/efi/EFI/debian/grub.cfg': 'configfile /grub/grub.cfg\n',
  '/lib/modules/6.1/modules.dep': MODULES_DEP,
  '/lib/modules/6.1/modules.builtin': 'kernel/fs/ext4/ext4.ko\n',
  ...Object.fromEntries(
    MODULES_DEP.split(':\n')
      .filter((path) => path !== '')
      .map((path) => [`/lib/modules/6.1/${path}`, 'module\n']),
  ),
  '/usr/sbin/update-initramfs': '',
  [AGENT_UNIT]: '[Service]\nExecStart=/bin/true\n',
  '/var/lib/landfall-agent/identity': 'secret\n',
};

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cv-'));
  await retry(makeDisk, { attemptsMax: MAKING_ATTEMPTS_MAX });
});

after(() => rm(folder, { recursive: true, force: true }));

test('everything is changed once, by a plan that is carried out as it says', {
  timeout: 900_000,
}, async (context) => {
  const overlay = await createOverlay('overlay.qcow2');
  const first = await convert(overlay);
  for (const { step, detail, durationMs } of first.steps)
    context.diagnostic(`${durationMs} ms ${step}: ${detail}`);
  assert.deepEqual([first.bootMode, first.hardware], ['UEFI', 'VIRTIO']);
  assert.deepEqual(changesOf(first), [
    'Drivers for later kernels',
    'Boot drivers',
    'Filesystem table',
    'Bootloader',
    'EFI loader',
    'EFI loader',
    'EFI loader',
    'Network',
    'Network',
    'Network',
    'Network',
    'Replication agent off',
    'Replication agent off',
    'Replication agent off',
  ]);
  assert.deepEqual(await readGuest(overlay), [
    'shim',
    'grub',
    'configfile /grub/grub.cfg',
    'auto ens192',
    'iface ens192 inet static',
    '    address 192.0.2.7/24',
    '    gateway 192.0.2.1',
    '/dev/null',
    'secret',
  ]);
  const again = await convert(overlay);
  assert.deepEqual(changesOf(again), [], 'the second time nothing is left to do');
  assert.deepEqual([again.bootMode, again.hardware], ['UEFI', 'VIRTIO']);
});

test('what virt-v2v says of a guest that it cannot convert is told, and nothing of it is left running', {
  timeout: 900_000,
}, async (context) => {
  const overlay = await createOverlay('deep.qcow2');
  const said: string[] = [];
  await assert.rejects(
    convert(overlay, 'VIRT_V2V', (detail) => said.push(detail)),
    (error: OperationError) => {
      context.diagnostic(error.message);
      assert.equal(error.code, 'VIRT_V2V_FAILED');
      assert.match(error.message, /^virt-v2v could not convert the guest: \S/);
      return !error.retryable;
    },
  );
  assert.ok(said.includes('Opening the source'), said.join('\n'));
  const processes = (await runChecked(['ps', '-eo', 'args'])).stdout;
  assert.ok(!processes.includes(overlay), processes);
});

async function createOverlay(name: string): Promise<string> {
  const overlay = join(folder, name);
  const backing = ['-b', join(folder, 'disk.raw'), '-F', 'raw'];
  await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', ...backing, overlay]);
  return overlay;
}

async function convert(
  overlayPath: string,
  method: ConversionMethod = 'LANDFALL',
  onDetail: (detail: string) => void = () => undefined,
): Promise<ConversionResult> {
  const disk = { diskId: 'disk-0', deviceName: '/dev/nvme0n1', sizeBytes: SIZE_BYTES, isBootDisk: true };
  const scratchFolder = join(folder, 'scratch');
  await mkdir(scratchFolder, { recursive: true });
  return await convertGuest({
    disks: [{ ...disk, overlayPath }],
    target: {
      macAddress: MAC_ADDRESS,
      addresses: [{ address: '192.0.2.7/24', gateway: '192.0.2.1' }],
    },
    ...{ scratchFolder, useKvm: false, logger: silentLogger, method },
    onStep: ({ detail }) => onDetail(detail),
  });
}

function changesOf({ steps }: ConversionResult): string[] {
  return steps.map(({ step }) => step).filter((step) => !['Appliance', 'Inspection', 'Note'].includes(step));
}

/** Lines of what was written, as the guest has them. */
async function readGuest(overlay: string): Promise<string[]> {
  const script = [
    ...[
      `add ${overlay} format:qcow2 readonly:true`,
      'run',
      'mount-ro /dev/sda2 /',
      'mount-ro /dev/sda1 /boot/efi',
    ],
    ...['BOOTX64.EFI', 'grubx64.efi', 'grub.cfg'].map((name) => `cat /boot/efi/EFI/BOOT/${name}`),
    ...['cat /etc/network/interfaces', `readlink ${AGENT_UNIT}`],
    'cat /var/lib/landfall-agent.landfall-source/identity',
  ];
  const { stdout } = await guestfish(script);
  return stdout.split('\n').filter((line) => line !== '');
}

async function makeDisk(): Promise<void> {
  const { stdout } = await runChecked(['cpio', '-o', '-H', 'newc'], { input: '' });
  await writeFile(join(folder, 'initrd'), stdout);
  await runChecked(['gzip', '-n', '-f', join(folder, 'initrd')]);
  const uploads: string[] = [];
  for (const [index, [path, text]] of Object.entries(FILES).entries()) {
    await writeFile(join(folder, `file-${index}`), text);
    uploads.push(`mkdir-p ${path.slice(0, path.lastIndexOf('/'))}`, `upload file-${index} ${path}`);
  }
  await guestfish([
    ...[`disk-create disk.raw raw ${SIZE_BYTES}`, 'add disk.raw format:raw', 'run', 'part-init /dev/sda gpt'],
    ...['part-add /dev/sda p 2048 131071', 'part-add /dev/sda p 131072 -2048'],
    'part-set-gpt-type /dev/sda 1 C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
    ...['mkfs vfat /dev/sda1', 'mkfs ext4 /dev/sda2', 'mount /dev/sda2 /', 'mkdir-p /boot/efi'],
    ...['mount /dev/sda1 /boot/efi', ...uploads, 'upload initrd.gz /boot/initrd.img-6.1', 'umount-all'],
  ]);
}

function guestfish(script: readonly string[]): ReturnType<typeof runChecked> {
  const input = `${script.join('\n')}\n`;
  return runChecked(['guestfish'], {
    cwd: folder,
    input,
    timeoutMs: 600_000,
    env: guestfsEnvironment(false),
  });
}
