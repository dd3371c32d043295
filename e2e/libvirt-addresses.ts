/** Addresses that libvirt's networks keep for machines (A1, A2), at a real libvirtd. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { MachineHost, NetworkPlace } from '../packages/launch/src/index.ts';
import { runChecked } from '../packages/runtime/src/index.ts';
import { beginLibvirtd, endLibvirtd } from './libvirt-process.ts';

const TIMEOUT = { timeout: 900_000 };
const ISOLATED = 'landfall-isolated';
const ADMINISTERED = '52:54:00:00:00:99';
const SMALL = `<network><name>small</name><bridge name='virbr-small'/>
<ip address='198.18.0.1' netmask='255.255.255.240'><dhcp><range start='198.18.0.2' end='198.18.0.4'/>
<host mac='${ADMINISTERED}' name='known' ip='198.18.0.4'/></dhcp></ip></network>`;
const SILENT = `<network><name>silent</name><bridge name='virbr-silent'/>
<ip address='198.18.1.1' netmask='255.255.255.0'/></network>`;

export function describeLibvirtAddresses(reopen: () => MachineHost): void {
  describe('addresses that libvirt keeps for machines', () => {
    let folder = '';

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'la-'));
      for (const [name, xml] of Object.entries({ small: SMALL, silent: SILENT })) {
        const path = join(folder, name);
        await writeFile(path, xml);
        await runChecked(['virsh', 'net-define', path]);
        await runChecked(['virsh', 'net-start', name]);
      }
    });

    after(async () => {
      for (const name of ['small', 'silent']) {
        await runChecked(['virsh', 'net-destroy', name]);
        await runChecked(['virsh', 'net-undefine', name]);
      }
      await rm(folder, { recursive: true, force: true });
    });

    test(
      'A1: they are two for two machines, outlive libvirtd, and go with their machines',
      TIMEOUT,
      async () => {
        const [first, second] = [placeOf(1), placeOf(2)];
        const given = [await reopen().reserveAddress(first), await reopen().reserveAddress(second)];
        assert.notEqual(given[0]?.address, given[1]?.address);
        for (const each of given) assert.match(each?.address ?? '', /^192\.168\.219\.\d+\/24$/);
        assert.equal(given[0]?.gateway, '192.168.219.1');
        await endLibvirtd();
        await beginLibvirtd();
        assert.deepEqual(await reopen().reserveAddress(first), given[0]);
        await reopen().remove({ ...first, folder });
        assert.doesNotMatch(await definitionOf(ISOLATED), new RegExp(first.machineId));
        assert.match(await definitionOf(ISOLATED), new RegExp(second.machineId));
        await reopen().remove({ ...second, folder });
        assert.doesNotMatch(await definitionOf(ISOLATED), /<host/);
      },
    );

    test('A2: nothing is taken from somebody else, and nothing is left is said', TIMEOUT, async () => {
      const small = (number: number) => ({ ...placeOf(number), networkName: 'small' });
      const host = reopen();
      const known = await host.reserveAddress({ ...small(1), macAddress: ADMINISTERED });
      assert.equal(known?.address, '198.18.0.4/28');
      await host.remove({ ...small(1), folder });
      const given = await Promise.all([host.reserveAddress(small(2)), host.reserveAddress(small(3))]);
      const addresses = given.map((each) => each?.address ?? '').toSorted();
      assert.deepEqual(addresses, ['198.18.0.2/28', '198.18.0.3/28']);
      await assert.rejects(host.reserveAddress(small(4)), {
        code: 'MACHINE_REFUSED',
        message: /no address left/,
      });
      // The same card in the next machine, and another card in the same machine.
      const macAddress = '52:54:00:00:00:02';
      await host.remove({ ...small(3), folder });
      await host.reserveAddress({ ...small(2), macAddress });
      const next = await host.reserveAddress({ ...small(5), macAddress });
      assert.match(next?.address ?? '', /^198\.18\.0\.[23]\/28$/);
      const left = (await definitionOf('small')).match(/<host .*/g) ?? [];
      assert.equal(left.length, 2, left.join('\n'));
      for (const number of [2, 5]) await host.remove({ ...small(number), folder });
      assert.match(await definitionOf('small'), /<host mac='52:54:00:00:00:99' name='known'/);
    });

    test('a network whose addresses nobody gives keeps none', TIMEOUT, async () => {
      assert.equal(await reopen().reserveAddress({ ...placeOf(1), networkName: 'silent' }), undefined);
      const unknown = reopen().reserveAddress({ ...placeOf(1), networkName: 'none' });
      await assert.rejects(unknown, { code: 'NETWORK_UNKNOWN' });
    });
  });
}

function placeOf(number: number): NetworkPlace {
  return { machineId: `i-${(0x500 + number).toString(16).padStart(17, '0')}`, purpose: 'TEST' };
}

async function definitionOf(network: string): Promise<string> {
  return (await runChecked(['virsh', 'net-dumpxml', network])).stdout;
}
