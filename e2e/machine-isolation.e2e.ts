/**
 * M6 by a guest that tries: a TEST or PROOF machine reaches neither an address of its host nor the source
 * beside it, a CUTOVER machine reaches both, and so does a TEST whose network is named.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  CONSOLE_LOG,
  createOverlay,
  type LaunchRequest,
  LibvirtHost,
  type MachineHost,
  QemuHost,
} from '../packages/launch/src/index.ts';
import { runChecked, silentLogger, systemClock } from '../packages/runtime/src/index.ts';
import { besideLibvirt } from './libvirt-bed.ts';
import { makeNetworkGuest, NETWORK_GUEST_BYTES } from './network-guest.ts';

const PORT = 4711;
/** As `libvirt-bed.sh` lays them out: the host, and a server beside it. */
const HOST_ADDRESS = '198.51.100.1';
const SOURCE_ADDRESS = '198.51.100.20';
const TIMEOUT = { timeout: 900_000 };
const OPTIONS = {
  probePath: join(tmpdir(), 'unused'),
  logger: silentLogger,
  clock: systemClock,
  accelerator: 'tcg',
} as const;

const WAY_OUT = `<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/>
<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp>
<range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>`;

besideLibvirt(import.meta.filename, () => {
  describe('what a machine reaches', () => {
    let folder = '';
    let nbdUri = '';
    const started: ChildProcess[] = [];
    const hosts: Readonly<Record<string, MachineHost>> = {
      qemu: new QemuHost(OPTIONS),
      libvirt: new LibvirtHost(OPTIONS),
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mi-'));
      const targets = [HOST_ADDRESS, SOURCE_ADDRESS].map((address) => ({ address, port: PORT }));
      const image = await makeNetworkGuest(folder, targets);
      const socket = join(folder, 'view.sock');
      nbdUri = `nbd+unix:///guest?socket=${socket}`;
      await runChecked(['nbdkit', '-r', '-U', socket, '-P', join(folder, 'view.pid'), 'file', image]);
      started.push(await listen([], HOST_ADDRESS));
      started.push(await listen(['ip', 'netns', 'exec', 'source'], SOURCE_ADDRESS));
      await writeFile(join(folder, 'default.xml'), WAY_OUT);
      await runChecked(['virsh', 'net-define', join(folder, 'default.xml')]);
      await runChecked(['virsh', 'net-start', 'default']);
    });

    after(async () => {
      for (const child of started) child.kill('SIGKILL');
      process.kill(Number(await readFile(join(folder, 'view.pid'), 'utf8')), 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    });

    const cases = [
      { host: 'qemu', purpose: 'TEST', says: 'CUT OFF' },
      { host: 'libvirt', purpose: 'TEST', says: 'CUT OFF' },
      { host: 'qemu', purpose: 'PROOF', says: 'CUT OFF' },
      { host: 'libvirt', purpose: 'PROOF', says: 'CUT OFF' },
      { host: 'qemu', purpose: 'CUTOVER', says: 'REACHED' },
      { host: 'libvirt', purpose: 'CUTOVER', says: 'REACHED' },
      { host: 'qemu', purpose: 'TEST', networkName: 'user', says: 'REACHED' },
      { host: 'libvirt', purpose: 'TEST', networkName: 'default', says: 'REACHED' },
    ] as const;

    for (const [index, { host: name, says, ...where }] of cases.entries()) {
      const machine = [where.purpose, ...('networkName' in where ? ['in', where.networkName] : [])].join(' ');
      const does = says === 'REACHED' ? 'reaches' : 'is cut off from';
      test(`${name}: a ${machine} machine ${does} host and source`, TIMEOUT, async () => {
        const host = hosts[name];
        assert.ok(host !== undefined);
        const request = await prepare(join(folder, String(index)), nbdUri, index, where);
        try {
          const given = await host.reserveAddress(request);
          await host.start(request);
          const said = await untilDone(request);
          const leased = /LEASE ([\d.]+)/.exec(said)?.[1];
          assert.equal(`${leased}/24`, given?.address, 'DHCP gives what is kept for it');
          for (const address of [HOST_ADDRESS, SOURCE_ADDRESS])
            assert.match(said, new RegExp(`${says} ${address}`));
          if (name === 'libvirt') await reachesGuest(await host.findAddress(request));
        } finally {
          await host.remove(request);
        }
      });
    }
  });
});

/** A published port: the host reaches even a machine that reaches nothing. */
async function reachesGuest(address: string | undefined): Promise<void> {
  assert.ok(address !== undefined, 'its network has given it an address');
  const socket = connect({ host: address, port: 7 });
  await once(socket, 'connect');
  socket.destroy();
}

async function prepare(
  folder: string,
  nbdUri: string,
  index: number,
  where: Pick<LaunchRequest, 'purpose' | 'networkName'>,
): Promise<LaunchRequest> {
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

async function untilDone({ folder }: LaunchRequest): Promise<string> {
  for (;;) {
    const said = await readFile(join(folder, CONSOLE_LOG), 'latin1');
    if (/^DONE/m.test(said)) return said;
    await systemClock.sleep(250);
  }
}

async function listen(prefix: readonly string[], address: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'network-listener.ts');
  const [command = '', ...parameters] = [...prefix, process.execPath, script, address, String(PORT)];
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
