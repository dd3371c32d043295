/**
 * A small Linux for tests of machines: Debian's kernel, some of its modules, busybox, and syslinux on a FAT
 * disk. It runs one script, whose output is on its first serial line.
 */
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run, runChecked } from '../packages/runtime/src/index.ts';

export interface SmallLinux {
  /** With what they depend on; a kernel without one of them has it built in, or lacks it. */
  readonly modules: readonly string[];
  /** For busybox's shell; when it ends the guest does nothing any more. */
  readonly script: string;
  /** Beside the script, at the root. */
  readonly programs?: Readonly<Record<string, string>>;
}

export const SMALL_LINUX_BYTES = 48 * 2 ** 20;

/** The path of the image. */
export async function makeSmallLinux(folder: string, guest: SmallLinux): Promise<string> {
  const image = join(folder, 'guest.raw');
  const kernel = await newestKernel();
  const initramfs = await makeInitramfs(folder, kernel.release, guest);
  const configuration = join(folder, 'syslinux.cfg');
  await writeFile(
    configuration,
    'DEFAULT linux\nLABEL linux\n KERNEL linux\n INITRD initrd\n APPEND console=ttyS0 quiet panic=-1\n',
  );
  await runChecked(['truncate', '-s', String(SMALL_LINUX_BYTES), image]);
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
  { modules, script, programs = {} }: SmallLinux,
): Promise<string> {
  const root = join(folder, 'root');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'modules'])
    await mkdir(join(root, name), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  for (const [index, path] of (await moduleFiles(release, modules)).entries()) {
    await copyFile(path, join(root, 'modules', `${String(index).padStart(2, '0')}-${basename(path)}`));
  }
  for (const [name, text] of Object.entries({ ...programs, init: `${PREAMBLE}${script}${END}` }))
    await writeFile(join(root, name), text, { mode: 0o755 });
  const list = await runChecked(['find', '.'], { cwd: root });
  const archive = join(folder, 'initramfs');
  await runChecked(['cpio', '--quiet', '-o', '-H', 'newc', '-F', archive], { cwd: root, input: list.stdout });
  return archive;
}

/** In the order in which they are to be loaded. */
async function moduleFiles(release: string, modules: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of modules) {
    const { stdout } = await run(['modprobe', '-S', release, '--show-depends', name]);
    for (const line of stdout.split('\n')) {
      const path = /^insmod (\S+\.ko)/.exec(line)?.[1];
      if (path !== undefined && !files.includes(path)) files.push(path);
    }
  }
  return files;
}

const PREAMBLE = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1
for module in /modules/*; do insmod "$module"; done
`;
const END = `
while true; do sleep 60; done
`;
