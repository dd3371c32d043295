/**
 * M8 by those who try: of a machine whose other ports are closed only the ones that are let in are reached,
 * by its host and by a neighbour in its network; what it begins itself is answered. On each host, in each
 * kind of network that machines share.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LibvirtHost, type MachineHost, QemuHost } from '../packages/launch/src/index.ts';
import { run, runChecked, systemClock } from '../packages/runtime/src/index.ts';
import { besideLibvirt } from './libvirt-bed.ts';
import { makeNetworkGuest } from './network-guest.ts';
import {
  GuestView,
  HOST_OPTIONS,
  prepareMachine,
  startDefaultNetwork,
  untilDone,
} from './network-machines.ts';

/** On both it answers. */
const OPEN_PORT = 7;
const CLOSED_PORT = 9;
const TIMEOUT = { timeout: 600_000 };
const TAP = 'tap-lab';
/** Of libvirt's isolated network: what a machine begins to its host. */
const GUARD = ['INPUT', '-i', 'virbr-landfall', '-j', 'LANDFALL_ISOLATED'];

besideLibvirt(import.meta.filename, () => {
  describe('what reaches a machine', () => {
    let folder = '';
    let view: GuestView | undefined;
    /** As a launch host that was restarted has it. */
    const hosts: Readonly<Record<string, () => MachineHost>> = {
      qemu: () => new QemuHost({ ...HOST_OPTIONS, networks: [{ name: 'lab', kind: 'BRIDGE', tap: TAP }] }),
      libvirt: () => new LibvirtHost(HOST_OPTIONS),
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'in-'));
      view = await GuestView.serve(folder, await makeNetworkGuest(folder, []));
      await startDefaultNetwork(folder);
      await runChecked(['ip', 'tuntap', 'add', TAP, 'mode', 'tap']);
      await runChecked(['ip', 'link', 'set', TAP, 'master', 'virbr0', 'up']);
      await addNeighbour('virbr0', '192.168.122.250/24');
    });

    after(async () => {
      await view?.end();
      await rm(folder, { recursive: true, force: true });
    });

    const cases = [
      { host: 'libvirt', purpose: 'CUTOVER' },
      { host: 'libvirt', purpose: 'TEST' },
      { host: 'qemu', purpose: 'CUTOVER', networkName: 'lab' },
    ] as const;

    for (const [index, { host: name, ...where }] of cases.entries()) {
      test(`${name}: of a ${where.purpose} machine only what is let in`, TIMEOUT, async () => {
        const reopen = hosts[name];
        assert.ok(reopen !== undefined);
        const request = await prepareMachine(join(folder, String(index)), view, index, where);
        const closing = { ...request, inboundPorts: [OPEN_PORT] };
        const isIsolated = where.purpose === 'TEST';
        try {
          await reopen().closePorts(closing);
          await reopen().start(request);
          // By DHCP, as everything that it begins itself.
          const address = /LEASE ([\d.]+)/.exec(await untilDone(request))?.[1] ?? '';
          const froms = isIsolated ? [[]] : [[], ['ip', 'netns', 'exec', 'neighbour']];
          const assertClosed = async () => {
            for (const from of froms) await assertOnlyOpen(from, address);
          };
          await assertClosed();
          await runChecked(['nft', 'delete', 'table', 'bridge', 'landfall']);
          if (isIsolated) await runChecked(['iptables', '--wait', '-D', ...GUARD]);
          for (const from of froms) assert.equal(await reaches(from, address, CLOSED_PORT), true);
          await reopen().closePorts(closing);
          await assertClosed();
          if (isIsolated) await runChecked(['iptables', '--wait', '-C', ...GUARD]);
          await reopen().closePorts({ ...closing, inboundPorts: [CLOSED_PORT, OPEN_PORT] });
          for (const from of froms) assert.equal(await reaches(from, address, CLOSED_PORT), true);
        } finally {
          await reopen().remove(request);
        }
        assert.equal((await rulesLeft()).includes(request.machineId), false);
      });
    }
  });
});

async function assertOnlyOpen(from: readonly string[], address: string): Promise<void> {
  assert.equal(await reaches(from, address, OPEN_PORT), true);
  assert.equal(await reaches(from, address, CLOSED_PORT), false);
}

/** The guest listens anew after each connection: refused is not closed. */
async function reaches(from: readonly string[], address: string, port: number): Promise<boolean> {
  for (;;) {
    const connect = ['timeout', '3', 'bash', '-c', `: < /dev/tcp/${address}/${port}`];
    const { exitCode, stderr } = await run([...from, ...connect]);
    if (exitCode === 0) return true;
    if (!/refused/i.test(stderr)) return false;
    await systemClock.sleep(100);
  }
}

async function addNeighbour(bridge: string, address: string): Promise<void> {
  await runChecked(['ip', 'netns', 'add', 'neighbour']);
  const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', 'neighbour'];
  await runChecked(['ip', 'link', 'add', 'veth-neighbour', ...pair]);
  await runChecked(['ip', 'link', 'set', 'veth-neighbour', 'master', bridge, 'up']);
  await runChecked(['ip', '-n', 'neighbour', 'address', 'add', address, 'dev', 'eth0']);
  await runChecked(['ip', '-n', 'neighbour', 'link', 'set', 'eth0', 'up']);
}

async function rulesLeft(): Promise<string> {
  return (await runChecked(['nft', 'list', 'table', 'bridge', 'landfall'])).stdout;
}
