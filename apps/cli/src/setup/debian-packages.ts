/** Installs the Debian packages a command needs, saying which and why; does nothing when all are there. */
import { OperationError, run, runChecked } from '@landfall/runtime';

/**
 * What the launch host needs to convert and run machines. The kernel image is libguestfs's appliance
 * kernel.
 */
export const LAUNCH_HOST_PACKAGES = [
  'qemu-system-x86',
  'qemu-utils',
  'ipxe-qemu',
  'seabios',
  'libguestfs-tools',
  'linux-image-cloud-amd64',
  'nftables',
  'virt-v2v',
];

/** What the demo needs besides: to build and to reach its own source server. */
export const DEMO_PACKAGES = [...LAUNCH_HOST_PACKAGES, 'mmdebstrap', 'openssh-client', 'openssl', 'binutils'];

/** What the guest matrix needs besides: UEFI firmware, and tools for XFS in the appliance. */
export const GUEST_MATRIX_PACKAGES = [...DEMO_PACKAGES, 'libguestfs-xfs', 'ovmf', 'util-linux'];

/** What the crash test needs: the file systems and databases under test, and a client of NBD. */
export const CRASH_TEST_PACKAGES = [
  'btrfs-progs',
  'diffutils',
  'e2fsprogs',
  'libnbd-bin',
  'postgresql',
  'sqlite3',
  'util-linux',
  'xfsprogs',
];

/** What the tests need besides: real clients and real file systems. */
export const TEST_PACKAGES = [
  ...GUEST_MATRIX_PACKAGES,
  ...CRASH_TEST_PACKAGES,
  'awscli',
  'busybox-static',
  'chromium',
  'cpio',
  'curl',
  'dnsmasq-base',
  'dosfstools',
  'fio',
  'fish',
  'fonts-nanum',
  'iproute2',
  'iptables',
  'jq',
  'libvirt-clients',
  'libvirt-daemon-system',
  'libxml2-utils',
  'mtools',
  'nbdkit',
  'syslinux',
  'zsh',
];

/** What the benchmarks need: loads, and the peers we are measured beside. */
export const BENCH_PACKAGES = [
  'e2fsprogs',
  'fio',
  'iproute2',
  'libnbd-bin',
  'nbdkit',
  'openssl',
  'qemu-utils',
  'rsync',
  'util-linux',
];

/** What `bench rto` needs besides: a guest, and the tool it is measured beside (a launch host has it). */
export const RTO_PACKAGES = [...BENCH_PACKAGES, ...GUEST_MATRIX_PACKAGES];

const INSTALL_TIMEOUT_MS = 30 * 60_000;

export async function ensureDebianPackages(
  packages: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw cannotInstall(missing, 'only root can install packages');
  say(`installing Debian packages: ${missing.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await runChecked(['apt-get', 'update', '-q'], { env, timeoutMs: INSTALL_TIMEOUT_MS });
  const install = ['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...missing];
  const result = await run(install, { env, timeoutMs: INSTALL_TIMEOUT_MS });
  if (result.exitCode !== 0) throw cannotInstall(missing, result.stderr.trim().slice(-1000));
}

async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const query = ['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', ...packages];
  const result = await run(query);
  const installed = new Set(
    result.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

function cannotInstall(packages: readonly string[], why: string): OperationError {
  return new OperationError('PACKAGES_MISSING', `cannot install ${packages.join(', ')}: ${why}`, {
    hint: `as root on Debian 12: apt-get update && apt-get install --no-install-recommends ${packages.join(' ')}`,
  });
}
