/**
 * A small Linux that tries to reach addresses and says on its serial line which it reached: Debian's kernel,
 * busybox, and syslinux on a FAT disk. It asks for an address by DHCP, and where it is given no way out it
 * tries one by itself: the host is always the neighbour with a known address.
 */
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run, runChecked } from '../packages/runtime/src/index.ts';

export interface NetworkTarget {
  readonly address: string;
  readonly port: number;
}

export const NETWORK_GUEST_BYTES = 48 * 2 ** 20;

const CARD_MODULES = ['virtio_pci', 'virtio_net'];

export async function makeNetworkGuest(folder: string, targets: readonly NetworkTarget[]): Promise<string> {
  const image = join(folder, 'guest.raw');
  const kernel = await newestKernel();
  const initramfs = await makeInitramfs(folder, kernel.release, targets);
  const configuration = join(folder, 'syslinux.cfg');
  await writeFile(
    configuration,
    'DEFAULT linux\nLABEL linux\n KERNEL linux\n INITRD initrd\n APPEND console=ttyS0 quiet panic=-1\n',
  );
  await runChecked(['truncate', '-s', String(NETWORK_GUEST_BYTES), image]);
  await runChecked(['mkfs.vfat', image]);
  const copied = { linux: kernel.path, initrd: initramfs, 'syslinux.cfg': configuration };
  for (const [name, path] of Object.entries(copied))
    await runChecked(['mcopy', '-i', image, path, `::${name}`]);
  await runChecked(['syslinux', '--install', image]);
  return image;
}

async function newestKernel(): Promise<{ readonly path: string; readonly release: string }> {
  const names = (await readdir('/boot')).filter((name) => name.startsWith('vmlinuz-')).sort();
  const path = join('/boot', names.at(-1) ?? 'vmlinuz');
  return { path, release: basename(path).replace('vmlinuz-', '') };
}

async function makeInitramfs(
  folder: string,
  release: string,
  targets: readonly NetworkTarget[],
): Promise<string> {
  const root = join(folder, 'root');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'modules'])
    await mkdir(join(root, name), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  const modules = await moduleFiles(release);
  for (const [index, path] of modules.entries()) {
    await copyFile(path, join(root, 'modules', `${String(index).padStart(2, '0')}-${basename(path)}`));
  }
  await writeFile(join(root, 'init'), initScript(targets), { mode: 0o755 });
  await writeFile(join(root, 'lease'), LEASE_SCRIPT, { mode: 0o755 });
  const list = await runChecked(['find', '.'], { cwd: root });
  const archive = join(folder, 'initramfs');
  await runChecked(['cpio', '--quiet', '-o', '-H', 'newc', '-F', archive], { cwd: root, input: list.stdout });
  return archive;
}

/** In the order in which they are to be loaded; a kernel without one of them has it built in, or lacks it. */
async function moduleFiles(release: string): Promise<string[]> {
  const files: string[] = [];
  for (const name of CARD_MODULES) {
    const { stdout } = await run(['modprobe', '-S', release, '--show-depends', name]);
    for (const line of stdout.split('\n')) {
      const path = /^insmod (\S+\.ko)/.exec(line)?.[1];
      if (path !== undefined && !files.includes(path)) files.push(path);
    }
  }
  return files;
}

const LEASE_SCRIPT = `#!/bin/busybox sh
case "$1" in
  bound|renew)
    /bin/busybox ip address add "$ip/24" dev "$interface"
    /bin/busybox ip route add default via "\${router:-\${ip%.*}.1}"
    echo "LEASE $ip" ;;
esac
`;

function initScript(targets: readonly NetworkTarget[]): string {
  const attempts = targets.map(
    ({ address, port }) =>
      `if echo | nc -w 5 ${address} ${port} | grep -q here; then echo "REACHED ${address}"; else echo "CUT OFF ${address}"; fi`,
  );
  return `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1
for module in /modules/*; do insmod "$module"; done
ip link set lo up
ip link set eth0 up
udhcpc -i eth0 -s /lease -n -q -t 20 -T 2
${attempts.join('\n')}
echo "DONE"
while true; do echo | nc -l -p 7 ; done
`;
}
