import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '@landfall/runtime';
import fc from 'fast-check';
import type { LaunchRequest } from './launch-plan.ts';
import { type DomainSurroundings, domainUuid, planDomain } from './libvirt-domain.ts';
import { planIsolatedNetwork } from './libvirt-isolation.ts';

const ISOLATED: DomainSurroundings = {
  accelerator: 'tcg',
  uefi: undefined,
  network: { name: 'landfall-isolated', isIsolated: true },
};
const OPEN: DomainSurroundings = {
  accelerator: 'kvm',
  uefi: { codePath: '/firmware/code.fd', variablesPath: '/firmware/variables.fd' },
  network: { name: 'default', isIsolated: false },
};

function request(changes: Partial<LaunchRequest> = {}): LaunchRequest {
  return {
    machineId: 'i-0123456789abcdef0',
    purpose: 'TEST',
    disks: [
      {
        diskId: 'disk-0',
        isBootDisk: true,
        overlayPath: '/m/overlay-disk-0.qcow2',
        nbdUri: 'nbd+unix:///e?socket=/s',
      },
      { diskId: 'disk-1', isBootDisk: false, overlayPath: '/m/overlay-disk-1.qcow2', nbdUri: undefined },
    ],
    cpuCount: 2,
    memoryBytes: 1024 ** 3,
    bootMode: 'LEGACY_BIOS',
    publishedPorts: [],
    folder: '/m',
    onlyHydrate: false,
    ...changes,
  };
}

/** The first disk in both, the second in one, as a launch template may have it. */
function limited({ disks, ...rest }: LaunchRequest): LaunchRequest {
  const limits = [{ operationsPerSecond: 500, bytesPerSecond: 2 ** 20 }, { bytesPerSecond: 2 ** 21 }];
  return { ...rest, disks: disks.map((disk, index) => ({ ...disk, limits: limits[index] ?? {} })) };
}

const PLANS = {
  'test-virtio': planDomain(request(), ISOLATED),
  'cutover-compatible-uefi': planDomain(
    limited(
      request({
        ...{ purpose: 'CUTOVER', hardware: 'COMPATIBLE', bootMode: 'UEFI' },
        scriptsDiskPath: '/m/scripts.raw',
      }),
    ),
    OPEN,
  ),
  'proof-kept-address': planDomain(
    request({
      purpose: 'PROOF',
      network: { addresses: [{ address: '192.0.2.77/24', gateway: '192.0.2.1' }] },
      publishedPorts: [{ guestPort: 80, hostPort: 18_080 }],
    }),
    { ...ISOLATED, network: 'OWN' },
  ),
};

for (const [name, xml] of Object.entries(PLANS)) {
  test(`the domain ${name} is what it was when it was last looked at`, async () => {
    const golden = join(import.meta.dirname, 'testdata', `${name}.xml`);
    if (process.env.LANDFALL_WRITE_GOLDEN === '1') await writeFile(golden, xml);
    assert.equal(xml, await readFile(golden, 'utf8'));
  });
}

test("everything is valid by libvirt's own schemas, where they are installed", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'xml-'));
  try {
    const documents = { ...PLANS, network: planIsolatedNetwork() };
    for (const [name, xml] of Object.entries(documents)) {
      const path = join(folder, name);
      await writeFile(path, xml);
      const schema = name === 'network' ? 'network' : 'domain';
      const schemaPath = `/usr/share/libvirt/schemas/${schema}.rng`;
      const { exitCode, stderr } = await run(['xmllint', '--noout', '--relaxng', schemaPath, path]);
      assert.equal(exitCode, 0, stderr);
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'TOOL_MISSING')) throw error;
    context.diagnostic('xmllint is not installed: the golden files alone are compared');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('D1: no path and no name of an export gets out of its place', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{1,40}$/), (text) => {
      const [disk] = request().disks;
      assert.ok(disk !== undefined);
      const nbdUri = `nbd://h:1/${encodeURIComponent(text)}`;
      const xml = planDomain(request({ disks: [{ ...disk, nbdUri, overlayPath: `/${text}` }] }), ISOLATED);
      assert.equal(xml.split('<source ').length, PLANS['test-virtio'].split('<source ').length - 1);
      assert.doesNotMatch(xml, /'[^'<>]*[<>][^'<>]*'/);
    }),
  );
  assert.throws(() => planDomain(request({ folder: '/\u0001' }), ISOLATED), { code: 'MACHINE_START_FAILED' });
});

test('the disk of scripts is beside the last of sixteen, and not there where disks are only filled in', () => {
  const [first] = request().disks;
  assert.ok(first !== undefined);
  const disks = Array.from({ length: 16 }, (_, index) => ({ ...first, diskId: `disk-${index}` }));
  const full = request({ disks, scriptsDiskPath: '/m/scripts.raw' });
  assert.match(planDomain(full, ISOLATED), /slot='0x1f' function='0x0' multifunction='on'/);
  assert.match(planDomain(full, ISOLATED), /dev='vdq'.*\n.*landfall-scripts.*\n.*slot='0x1f' function='0x1'/);
  assert.doesNotMatch(planDomain({ ...full, onlyHydrate: true }, ISOLATED), /scripts|multifunction/);
});

test('D3: a machine that keeps its address is in no network of libvirt, and reaches nothing', () => {
  const xml = PLANS['proof-kept-address'];
  assert.doesNotMatch(xml, /<interface/);
  assert.match(
    xml,
    /'user,id=net0,net=192\.0\.2\.0\/24,.*,restrict=on,hostfwd=tcp:127\.0\.0\.1:18080-192\.0\.2\.77:80'/,
  );
});

test('UEFI needs firmware on the launch host', () => {
  assert.throws(() => planDomain(request({ bootMode: 'UEFI' }), ISOLATED), { code: 'FIRMWARE_MISSING' });
});

test('a machine has the same UUID always, and another has another', () => {
  const uuid = domainUuid('i-0123456789abcdef0');
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(domainUuid('i-0123456789abcdef0'), uuid);
  assert.notEqual(domainUuid('i-0123456789abcdef1'), uuid);
});
