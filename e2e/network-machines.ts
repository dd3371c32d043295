/** Machines whose guest tries the network (`network-guest.ts`), and what they are started in. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONSOLE_LOG, createOverlay, type LaunchRequest } from '../packages/launch/src/index.ts';
import { runChecked, silentLogger, systemClock } from '../packages/runtime/src/index.ts';
import { NETWORK_GUEST_BYTES } from './network-guest.ts';

/** Of either machine host. */
export const HOST_OPTIONS = {
  probePath: join(tmpdir(), 'unused'),
  logger: silentLogger,
  clock: systemClock,
  accelerator: 'tcg',
} as const;

const DEFAULT_NETWORK = `<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/>
<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp>
<range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>`;

/** As libvirt's packages bring it along: with a way out. */
export async function startDefaultNetwork(folder: string): Promise<void> {
  await writeFile(join(folder, 'default.xml'), DEFAULT_NETWORK);
  await runChecked(['virsh', 'net-define', join(folder, 'default.xml')]);
  await runChecked(['virsh', 'net-start', 'default']);
}

/** The guest's disk, as a replication server would show it. */
export class GuestView {
  readonly nbdUri: string;
  readonly #pidFile: string;

  private constructor(nbdUri: string, pidFile: string) {
    this.nbdUri = nbdUri;
    this.#pidFile = pidFile;
  }

  static async serve(folder: string, image: string): Promise<GuestView> {
    const socket = join(folder, 'view.sock');
    const pidFile = join(folder, 'view.pid');
    await runChecked(['nbdkit', '-r', '-U', socket, '-P', pidFile, 'file', image]);
    return new GuestView(`nbd+unix:///guest?socket=${socket}`, pidFile);
  }

  async end(): Promise<void> {
    process.kill(Number(await readFile(this.#pidFile, 'utf8')), 'SIGKILL');
  }
}

export async function prepareMachine(
  folder: string,
  view: GuestView | undefined,
  index: number,
  where: Pick<LaunchRequest, 'purpose' | 'networkName' | 'network'>,
): Promise<LaunchRequest> {
  assert.ok(view !== undefined);
  const { nbdUri } = view;
  await mkdir(folder);
  const overlayPath = join(folder, 'overlay.qcow2');
  await createOverlay({ path: overlayPath, nbdUri, sizeBytes: NETWORK_GUEST_BYTES });
  return {
    machineId: `i-${String(index).padStart(17, '0')}`,
    ...where,
    disks: [{ diskId: 'guest', isBootDisk: true, overlayPath, nbdUri }],
    cpuCount: 1,
    memoryBytes: 192 * 2 ** 20,
    bootMode: 'LEGACY_BIOS',
    publishedPorts: [],
    folder,
    onlyHydrate: false,
  };
}

/** What it said, once it has tried everything. */
export async function untilDone({ folder }: LaunchRequest): Promise<string> {
  for (;;) {
    const said = await readFile(join(folder, CONSOLE_LOG), 'latin1');
    if (/^DONE/m.test(said)) return said;
    await systemClock.sleep(250);
  }
}
