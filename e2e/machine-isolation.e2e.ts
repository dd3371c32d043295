/**
 * M6 by a guest that tries: a TEST or PROOF machine reaches neither an address of its host nor the source
 * beside it, a CUTOVER machine reaches both, and so does a TEST whose network is named.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LibvirtHost, type MachineHost, QemuHost } from '../packages/launch/src/index.ts';
import { systemClock } from '../packages/runtime/src/index.ts';
import { besideLibvirt } from './libvirt-bed.ts';
import { makeNetworkGuest } from './network-guest.ts';
import {
  GuestView,
  HOST_OPTIONS,
  prepareMachine,
  startDefaultNetwork,
  untilDone,
} from './network-machines.ts';

const PORT = 4711;
/** As `libvirt-bed.sh` lays them out: the host, and a server beside it. */
const HOST_ADDRESS = '198.51.100.1';
const SOURCE_ADDRESS = '198.51.100.20';
/** In the network of the source. */
const KEPT = { address: '198.51.100.30/24', gateway: '198.51.100.1' };
const TIMEOUT = { timeout: 900_000 };

besideLibvirt(import.meta.filename, () => {
  describe('what a machine reaches', () => {
    let folder = '';
    let view: GuestView | undefined;
    let fixed: GuestView | undefined;
    const started: ChildProcess[] = [];
    const hosts: Readonly<Record<string, MachineHost>> = {
      qemu: new QemuHost(HOST_OPTIONS),
      libvirt: new LibvirtHost(HOST_OPTIONS),
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mi-'));
      const targets = [HOST_ADDRESS, SOURCE_ADDRESS].map((address) => ({ address, port: PORT }));
      view = await GuestView.serve(folder, await makeNetworkGuest(folder, targets));
      await mkdir(join(folder, 'fixed'));
      const fixedImage = await makeNetworkGuest(join(folder, 'fixed'), targets, KEPT);
      fixed = await GuestView.serve(join(folder, 'fixed'), fixedImage);
      started.push(await listen([], HOST_ADDRESS));
      started.push(await listen(['ip', 'netns', 'exec', 'source'], SOURCE_ADDRESS));
      await startDefaultNetwork(folder);
    });

    after(async () => {
      for (const child of started) child.kill('SIGKILL');
      await view?.end();
      await fixed?.end();
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
        const request = await prepareMachine(join(folder, String(index)), view, index, where);
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
          const request = await prepareMachine(join(folder, String(index)), fixed, index, where);
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

async function listen(prefix: readonly string[], address: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'network-listener.ts');
  const [command = '', ...parameters] = [...prefix, process.execPath, script, address, String(PORT)];
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
