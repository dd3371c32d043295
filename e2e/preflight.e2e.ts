/**
 * The launch host looks into disks made by hand, behind views that cannot be written, and changes nothing.
 * qemu-nbd stands where the replication server is otherwise.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLaunchHost, type LaunchHost } from '../apps/launch-host/src/launch-host.ts';
import type { PreflightStatus } from '../packages/channel/src/index.ts';
import { guestfsEnvironment } from '../packages/conversion/src/index.ts';
import type { PreflightResult } from '../packages/model/src/index.ts';
import { createLogger, retry, runChecked, systemClock } from '../packages/runtime/src/index.ts';

const ROOT_BYTES = 360 * 2 ** 20;
const SECRET_BYTES = 48 * 2 ** 20;
const MODULES_DEP = ['virtio/virtio_pci', 'block/virtio_blk', 'net/virtio_net', 'ata/ahci']
  .map((path) => `kernel/drivers/${path}.ko:\n`)
  .join('');
/** Of a whole disk: `debug sh` does not wait for nodes of partitions as the appliance's own commands do. */
const FORMAT_LUKS =
  'printf secret | cryptsetup luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 -q /dev/sdb -';
/** An appliance on a busy host has been seen to name its disks in another order. */
const MAKING_ATTEMPTS_MAX = 3;

/** Text files of the guest; the kernel is one in name only. */
const FILES: Readonly<Record<string, string>> = {
  '/etc/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  '/etc/fstab':
    '/dev/mapper/vg-root / ext4 defaults 0 1\n/dev/sda1 /boot ext4 defaults 0 2\n/dev/sdq1 /data xfs defaults 0 2\n',
  '/etc/crypttab': 'vault /dev/sdb none luks\n',
  '/etc/network/interfaces': 'auto ens192\niface ens192 inet static\n    address 192.0.2.7/24\n',
  '/etc/cloud/cloud.cfg': 'users: []\n',
  '/etc/selinux/config': 'SELINUX=permissive\n',
  '/boot/grub/grub.cfg': 'linux /vmlinuz-6.1 root=/dev/mapper/vg-root ro\n',
  '/boot/vmlinuz-6.1': 'kernel\n',
  '/lib/modules/6.1/modules.dep': MODULES_DEP,
  '/lib/modules/6.1/modules.builtin': 'kernel/fs/ext4/ext4.ko\n',
  '/usr/bin/vmtoolsd': '',
  '/usr/bin/apt-get': '',
  '/usr/sbin/update-initramfs': '',
};

let folder = '';
let host: LaunchHost;
const serverPids: number[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pf-'));
  await retry(makeDisks, { attemptsMax: MAKING_ATTEMPTS_MAX });
  for (const name of ['root', 'secret']) await serve(name);
  const logger = createLogger({ program: 'preflight-e2e', level: 'warn' });
  host = createLaunchHost({ stateDir: join(folder, 'state'), logger, clock: systemClock });
  await host.start();
});

after(async () => {
  if (folder === '') return;
  await host?.stop();
  for (const pid of serverPids) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test('root in LVM, an encrypted volume, VMware, cloud-init: all of it is told, nothing is changed', {
  timeout: 900_000,
}, async (context) => {
  const before = await hashOf('root');
  const result = await inspect('root', 'secret');
  context.diagnostic(`inspected in ${result.durationMs} ms`);
  assert.equal(await hashOf('root'), before);
  assert.deepEqual(await readdir(join(folder, 'state/preflights')), []);
  assert.equal(result.operatingSystem, 'Debian GNU/Linux 12 (bookworm)');
  assert.equal(result.bootMode, 'LEGACY_BIOS');
  assert.deepEqual(
    result.findings.map(({ rank, code }) => `${rank} ${code}`),
    [
      'BLOCKER DATA_ENCRYPTED',
      'WILL_BE_FIXED INITRAMFS_SETTINGS',
      'WILL_BE_FIXED INITRAMFS_LACKS_DRIVERS',
      'WILL_BE_FIXED FSTAB_BY_HARDWARE',
      'WILL_BE_FIXED FSTAB_BY_HARDWARE',
      'WILL_BE_FIXED NETWORK_BY_HARDWARE',
      'WILL_BE_FIXED NETWORK_NOT_DHCP',
      'WILL_BE_FIXED CLOUD_INIT_NETWORK',
      'NOTE HYPERVISOR_TOOLS',
    ],
  );
  const lines = result.facts.map(({ name, value }) => `${name}: ${value}`);
  for (const line of [
    'bootloader: GRUB 2',
    'root: ext4 on /dev/mapper/vg-root',
    'kernel: 6.1: virtio not in initramfs, AHCI not in initramfs, NVMe not there, Xen not there',
    'LVM: vg',
    'swap: /dev/mapper/vg-swap',
    'encrypted: /dev/sdb crypto_LUKS',
    'cloud-init: writes the network',
    'SELinux: permissive',
  ]) {
    assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
  }
  assert.ok(
    lines.some((line) => line.startsWith('free on /boot: ')),
    lines.join('\n'),
  );
});

test('a disk without its key is told as what it is', { timeout: 900_000 }, async () => {
  const { findings, facts } = await inspect('secret');
  assert.deepEqual(
    findings.map(({ rank, code }) => `${rank} ${code}`),
    ['BLOCKER ROOT_ENCRYPTED'],
  );
  assert.ok(facts.some(({ name, value }) => name === 'encrypted' && value === '/dev/sda crypto_LUKS'));
});

/** The first of the disks starts the system. */
async function inspect(...names: readonly ('root' | 'secret')[]): Promise<PreflightResult> {
  const disks = names.map((name, index) => ({
    ...{ diskId: name, deviceName: `/dev/sd${'ab'[index]}`, isBootDisk: index === 0 },
    sizeBytes: name === 'root' ? ROOT_BYTES : SECRET_BYTES,
    nbdUri: `nbd+unix:///${name}?socket=${join(folder, `${name}.sock`)}`,
  }));
  const order = { preflightId: `preflight-${names.length}`, disks, bootMode: 'USE_SOURCE' } as const;
  for (;;) {
    const { state, result, error }: PreflightStatus = await host.handlers.runPreflight(order);
    assert.notEqual(state, 'FAILED', JSON.stringify(error));
    if (result !== undefined) return result;
    await systemClock.sleep(250);
  }
}

async function makeDisks(): Promise<void> {
  const script = [
    ...['disk-create root.raw raw', 'disk-create secret.raw raw'].map((line, index) => {
      return `${line} ${index === 0 ? ROOT_BYTES : SECRET_BYTES}`;
    }),
    ...['add root.raw format:raw', 'add secret.raw format:raw', 'run'],
    ...['part-init /dev/sda mbr', 'part-add /dev/sda p 2048 206847', 'part-add /dev/sda p 206848 -1'],
    ...['mkfs ext4 /dev/sda1', 'pvcreate /dev/sda2', 'vgcreate vg /dev/sda2', 'lvcreate root vg 200'],
    ...['lvcreate swap vg 20', 'mkfs ext4 /dev/vg/root', 'mkswap /dev/vg/swap'],
    `debug sh "${FORMAT_LUKS}"`,
    ...['mount /dev/vg/root /', 'mkdir /boot', 'mount /dev/sda1 /boot'],
    ...(await guestFiles()),
    ...['pwrite-device /dev/sda "boot" 0', 'umount-all'],
  ];
  await runChecked(['guestfish'], {
    ...{ cwd: folder, input: `${script.join('\n')}\n`, timeoutMs: 600_000 },
    env: guestfsEnvironment(false),
  });
}

async function guestFiles(): Promise<string[]> {
  const archive = join(folder, 'initrd');
  const { stdout } = await runChecked(['cpio', '-o', '-H', 'newc'], { input: '' });
  await writeFile(archive, stdout);
  await runChecked(['gzip', '-n', '-f', archive]);
  const lines: string[] = [];
  for (const [index, [path, text]] of Object.entries(FILES).entries()) {
    const local = `file-${index}`;
    await writeFile(join(folder, local), text);
    lines.push(`mkdir-p ${path.slice(0, path.lastIndexOf('/'))}`, `upload ${local} ${path}`);
  }
  return [...lines, 'upload initrd.gz /boot/initrd.img-6.1'];
}

async function serve(name: string): Promise<void> {
  const pidFile = join(folder, `${name}.pid`);
  const place = ['-x', name, '-k', join(folder, `${name}.sock`), '--pid-file', pidFile];
  await runChecked(['qemu-nbd', '-r', '-t', '-f', 'raw', ...place, '--fork', join(folder, `${name}.raw`)]);
  serverPids.push(Number(await readFile(pidFile, 'utf8')));
}

async function hashOf(name: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(folder, `${name}.raw`)))
    .digest('hex');
}
