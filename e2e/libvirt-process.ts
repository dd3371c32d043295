/** The libvirtd of a bed (`libvirt-bed.sh`), ended and begun again. */
import { readFile } from 'node:fs/promises';
import { run, runChecked, systemClock } from '../packages/runtime/src/index.ts';

/** By kill -9: its machines go on. */
export async function endLibvirtd(): Promise<void> {
  process.kill(Number(await readFile('/run/libvirtd.pid', 'utf8')), 'SIGKILL');
  while ((await run(['virsh', '--quiet', 'version'])).exitCode === 0) await systemClock.sleep(50);
}

export async function beginLibvirtd(): Promise<void> {
  await runChecked(['libvirtd', '--daemon']);
}
