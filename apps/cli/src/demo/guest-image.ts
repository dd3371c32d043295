/**
 * The demo's source server: a real Debian 12 with its own bootloader, nginx, and a ledger that writes to
 * two disks all the time. Built once from Debian's packages and cached under a key made of everything that
 * goes into it.
 *
 * Its hardware is not the target's on purpose: NVMe disks named in fstab, an initramfs that cannot start
 * from virtio, and a network interface named after its slot. That is what conversion has to deal with.
 */
import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB, OperationError, retry, runChecked, writeDurably } from '@landfall/runtime';
import { buildOnce } from '../setup/cached-build.ts';

export interface GuestImage {
  /** Raw disk, MBR, GRUB, ext4 root and swap. Never booted from directly: use an overlay. */
  readonly rootDisk: string;
  /** Raw disk, one ext4 without a partition table. */
  readonly dataDisk: string;
  /** OpenSSH private key that root of the guest accepts. */
  readonly sshKey: string;
}

const SERVER_FILES = join(import.meta.dirname, 'server');
const ROOT_DISK_BYTES = 2048 * MIB;
const DATA_DISK_BYTES = 512 * MIB;
const ASSEMBLE_ATTEMPTS_MAX = 3;
const BUILD_TIMEOUT_MS = 15 * 60_000;

const PACKAGES = [
  'linux-image-cloud-amd64',
  'initramfs-tools',
  'grub-pc',
  'systemd-sysv',
  'udev',
  'dbus',
  'ifupdown',
  'isc-dhcp-client',
  'openssh-server',
  'nginx-light',
  'python3',
  'sqlite3',
  'curl',
  'ca-certificates',
  'e2fsprogs',
  'iproute2',
  'kmod',
  'procps',
];

/** Runs inside the new root's folder while mmdebstrap builds it; `$1` is that folder. */
const CUSTOMIZE = `set -eu
root=$1
echo ledger > "$root/etc/hostname"
printf '127.0.0.1 localhost\\n127.0.1.1 ledger\\n' > "$root/etc/hosts"
echo ext4 >> "$root/etc/initramfs-tools/modules"
mkdir -p "$root/root/.ssh" "$root/var/lib/ledger" "$root/srv/ledger" "$root/var/www/ledger"
chmod 700 "$root/root/.ssh"
echo '<!doctype html><title>Ledger</title><h1>Ledger</h1>' > "$root/var/www/ledger/index.html"
chroot "$root" systemctl enable ledger-check.service ledger-writer.service nginx.service ssh.service
chroot "$root" update-initramfs -u
`;

const AUTHORIZE = `set -eu
mv "$1/root/.ssh/id_ed25519.pub" "$1/root/.ssh/authorized_keys"
chown 0:0 "$1/root/.ssh/authorized_keys"
chmod 600 "$1/root/.ssh/authorized_keys"
`;

/**
 * Partitions: 1 MiB gap for GRUB's core image, root, then 64 MiB of swap at the end. In sectors of 512
 * bytes.
 */
function assembleScript(folder: string): string {
  const sectors = ROOT_DISK_BYTES / 512;
  const swapStart = sectors - 65 * 2048;
  return `disk-create ${folder}/root.raw raw ${ROOT_DISK_BYTES}
disk-create ${folder}/data.raw raw ${DATA_DISK_BYTES}
add ${folder}/root.raw format:raw cachemode:unsafe
add ${folder}/data.raw format:raw cachemode:unsafe
run
part-init /dev/sda mbr
part-add /dev/sda primary 2048 ${swapStart - 1}
part-add /dev/sda primary ${swapStart} ${sectors - 2048}
part-set-bootable /dev/sda 1 true
part-set-mbr-id /dev/sda 2 0x82
mkfs ext4 /dev/sda1 label:root
mkswap /dev/sda2
mkfs ext4 /dev/sdb label:ledger
tune2fs /dev/sda1 maxmountcount:1
tune2fs /dev/sdb maxmountcount:1
mount /dev/sda1 /
tar-in ${folder}/rootfs.tar /
command "grub-install --target=i386-pc --boot-directory=/boot /dev/sda"
command "update-grub"
umount-all
`;
}

export interface BuildOptions {
  readonly cacheFolder: string;
  readonly onStep: (step: string) => void;
}

/** The cached image, built first when there is none. Takes about three minutes the first time. */
export async function ensureGuestImage(options: BuildOptions): Promise<GuestImage> {
  const key = await recipeKey();
  const folder = join(options.cacheFolder, `guest-debian-12-${key}`);
  await buildOnce(folder, (building) => build(building, options));
  return {
    rootDisk: join(folder, 'root.raw'),
    dataDisk: join(folder, 'data.raw'),
    sshKey: join(folder, 'id_ed25519'),
  };
}

async function build(folder: string, options: BuildOptions): Promise<void> {
  await runChecked([
    'ssh-keygen',
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    'demo',
    '-f',
    join(folder, 'id_ed25519'),
  ]);
  options.onStep('installing Debian 12 into a folder (mmdebstrap, about a minute)');
  await installDebian(folder);
  options.onStep('putting it on two disks with its own bootloader (libguestfs, about two minutes)');
  await retry(() => assembleDisks(folder), { attemptsMax: ASSEMBLE_ATTEMPTS_MAX });
  await rm(join(folder, 'rootfs.tar'));
}

async function installDebian(folder: string): Promise<void> {
  await writeDurably(join(folder, 'customize.sh'), CUSTOMIZE);
  await writeDurably(join(folder, 'authorize.sh'), AUTHORIZE);
  const argv = [
    'mmdebstrap',
    '--variant=apt',
    `--include=${PACKAGES.join(',')}`,
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--aptopt=Apt::Install-Recommends "false"',
    `--customize-hook=sync-in ${SERVER_FILES} /`,
    `--customize-hook=sh ${join(folder, 'customize.sh')} "$1"`,
    `--customize-hook=copy-in ${join(folder, 'id_ed25519.pub')} /root/.ssh`,
    `--customize-hook=sh ${join(folder, 'authorize.sh')} "$1"`,
    'bookworm',
    join(folder, 'rootfs.tar'),
  ];
  await runChecked(argv, { timeoutMs: BUILD_TIMEOUT_MS });
}

async function assembleDisks(folder: string): Promise<void> {
  const env = { LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' };
  await runChecked(['guestfish'], { input: assembleScript(folder), env, timeoutMs: BUILD_TIMEOUT_MS });
  await checkDisks(folder);
}

/** On a busy machine the appliance may find its disks in another order than they were given. */
async function checkDisks(folder: string): Promise<void> {
  const bootSignature = await readBytes(join(folder, 'root.raw'), 510);
  const fileSystemMagic = await readBytes(join(folder, 'data.raw'), 1024 + 56);
  if (bootSignature === '55aa' && fileSystemMagic === '53ef') return;
  const message = 'the source server was put on its disks in the wrong order';
  throw new OperationError('DEMO_FAILED', message, { hint: 'run the demo again', retryable: true });
}

async function readBytes(path: string, offsetBytes: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, offsetBytes);
    return buffer.toString('hex');
  } finally {
    await file.close();
  }
}

/** Changes whenever anything that goes into the image changes. */
async function recipeKey(): Promise<string> {
  const hash = createHash('sha256');
  hash.update([CUSTOMIZE, AUTHORIZE, assembleScript(''), ...PACKAGES].join('\0'));
  const names = (await readdir(SERVER_FILES, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (names.length === 0) throw new OperationError('DEMO_FILES_MISSING', `no files in ${SERVER_FILES}`);
  for (const name of names) hash.update(name.slice(SERVER_FILES.length)).update(await readFile(name));
  return hash.digest('hex').slice(0, 12);
}
