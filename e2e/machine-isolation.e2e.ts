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
/** In the network of the source. */
const KEPT = { address: '198.51.100.30/24', gateway: '198.51.100.1' };
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
    let fixedUri = '';
    const pidFiles: string[] = [];
    const started: ChildProcess[] = [];
    const hosts: Readonly<Record<string, MachineHost>> = {
      qemu: new QemuHost(OPTIONS),
      libvirt: new LibvirtHost(OPTIONS),
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mi-'));
      const targets = [HOST_ADDRESS, SOURCE_ADDRESS].map((address) => ({ address, port: PORT }));
      nbdUri = await serve('view', await makeNetworkGuest(folder, targets));
      await mkdir(join(folder, 'fixed'));
      fixedUri = await serve('fixed', await makeNetworkGuest(join(folder, 'fixed'), targets, KEPT));
      started.push(await listen([], HOST_ADDRESS));
      started.push(await listen(['ip', 'netns', 'exec', 'source'], SOURCE_ADDRESS));
      await writeFile(join(folder, 'default.xml'), WAY_OUT);
      await runChecked(['virsh', 'net-define', join(folder, 'default.xml')]);
      await runChecked(['virsh', 'net-start', 'default']);
    });

    async function serve(name: string, image: string): Promise<string> {
      const socket = join(folder, `${name}.sock`);
      const pidFile = join(folder, `${name}.pid`);
      await runChecked(['nbdkit', '-r', '-U', socket, '-P', pidFile, 'file', image]);
      pidFiles.push(pidFile);
      return `nbd+unix:///guest?socket=${socket}`;
    }

    after(async () => {
      for (const child of started) child.kill('SIGKILL');
      for (const file of pidFiles) process.kill(Number(await readFile(file, 'utf8')), 'SIGKILL');
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

    for (const name of ['qemu', 'libvirt'] as const) {
      test(
        `${name}: a machine that keeps its source's address is cut off, its ports are reached`,
        TIMEOUT,
        async () => {
          const host = hosts[name];
          assert.ok(host !== undefined);
          const index = cases.length + (name === 'qemu' ? 0 : 1);
          const where = { purpose: 'PROOF', network: { addresses: [KEPT] } } as const;
          const request = await prepare(join(folder, String(index)), fixedUri, index, where);
          const publishedPorts = await host.choosePorts([7], request);
          try {
            await host.start({ ...request, publishedPorts });
            const said = await untilDone(request);
            for (const address of [HOST_ADDRESS, SOURCE_ADDRESS])
              assert.match(said, new RegExp(`CUT OFF ${address}`));
            assert.equal(publishedPorts.length, 1);
            await hearsGuest(publishedPorts[0]?.hostPort ?? 0);
          } finally {
            await host.remove(request);
          }
        },
      );
    }
  });
});

/**
 * It says a line to one after the other, with a pause between; who publishes the port accepts whether or not
 * it does.
 */
async function hearsGuest(port: number): Promise<void> {
  for (;;) {
    const said = await new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      const end = (text: string) => {
        socket.destroy();
        resolve(text);
      };
      socket.setTimeout(10_000, () => end(''));
      socket.once('data', (bytes) => end(String(bytes)));
      socket.once('error', () => end(''));
      socket.once('close', () => end(''));
    });
    if (said === '\n') return;
    await systemClock.sleep(250);
  }
}

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
  where: Pick<LaunchRequest, 'purpose' | 'networkName' | 'network'>,
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
