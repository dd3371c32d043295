import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DISKS_MAX, type LaunchRequest, macAddressOf, planLaunch } from './launch-plan.ts';

const TCG = { accelerator: 'tcg', uefiCodePath: undefined } as const;

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
    publishedPorts: [{ guestPort: 80, hostPort: 18080 }],
    folder: '/m',
    onlyHydrate: false,
    ...changes,
  };
}

function values(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, index) => (word === option ? [argv[index + 1] ?? ''] : []));
}

function nodes(argv: readonly string[]): Record<string, unknown>[] {
  return values(argv, '-blockdev').map((text) => JSON.parse(text));
}

test('L1: every view is read-only and waits for a replication server that restarts', () => {
  const views = nodes(planLaunch(request(), TCG)).filter((node) => node.driver === 'nbd');
  assert.equal(views.length, 1);
  assert.equal(views[0]?.['read-only'], true);
  assert.equal(views[0]?.['reconnect-delay'], 300);
});

test('a disk that holds everything itself is attached without a view', () => {
  const overlays = nodes(planLaunch(request(), TCG)).filter((node) => node.driver === 'qcow2');
  assert.deepEqual(
    overlays.map((node) => node.backing),
    ['view-disk-0', null],
  );
});

test('L2: a TEST machine is cut off from every network, a CUTOVER machine is not', () => {
  const [test] = values(planLaunch(request(), TCG), '-netdev');
  assert.equal(test, 'user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:18080-:80');
  const [cutover] = values(planLaunch(request({ purpose: 'CUTOVER' }), TCG), '-netdev');
  assert.equal(cutover, 'user,id=net0,hostfwd=tcp:127.0.0.1:18080-:80');
});

test('a machine that is only filled in neither runs nor listens', () => {
  const argv = planLaunch(request({ onlyHydrate: true }), TCG);
  assert.ok(argv.includes('-S'));
  assert.doesNotMatch(values(argv, '-netdev').join(), /hostfwd/);
});

test('the accelerator is the one the probe found', () => {
  assert.ok(
    planLaunch(request(), { ...TCG, accelerator: 'kvm' })
      .join(' ')
      .includes('-accel kvm -cpu host'),
  );
  assert.ok(planLaunch(request(), TCG).join(' ').includes('-accel tcg,thread=multi -cpu max,la57=off'));
});

test('UEFI needs firmware on the launch host, and says which', () => {
  assert.throws(() => planLaunch(request({ bootMode: 'UEFI' }), TCG), { code: 'FIRMWARE_MISSING' });
  const argv = planLaunch(request({ bootMode: 'UEFI' }), { ...TCG, uefiCodePath: '/f/OVMF_CODE.fd' });
  assert.deepEqual(values(argv, '-drive'), [
    'if=pflash,format=raw,readonly=on,file=/f/OVMF_CODE.fd',
    'if=pflash,format=raw,readonly=off,file=/m/uefi-variables.fd',
  ]);
});

test('disks have fixed slots and serial numbers, and the boot disk comes first', () => {
  const devices = values(planLaunch(request(), TCG), '-device').flatMap((text) =>
    text.startsWith('{') ? [JSON.parse(text)] : [],
  );
  assert.deepEqual(
    devices.map((device) => [device.serial, device.addr, device.bootindex]),
    [
      ['disk-0', '0x10', 1],
      ['disk-1', '0x11', 3],
    ],
  );
});

test('too many disks are refused before anything is started', () => {
  const [disk] = request().disks;
  assert.ok(disk !== undefined);
  const disks = Array.from({ length: DISKS_MAX + 1 }, (_value, index) => ({
    ...disk,
    diskId: `disk-${index}`,
  }));
  assert.throws(() => planLaunch(request({ disks }), TCG), { code: 'TOO_MANY_DISKS' });
});

test('a machine has the same MAC address always, locally administered, and another has another', () => {
  const id = fc.stringMatching(/^i-[0-9a-f]{17}$/);
  fc.assert(
    fc.property(id, id, (first, second) => {
      assert.match(macAddressOf(first), /^52:54:00(:[0-9a-f]{2}){3}$/);
      assert.equal(macAddressOf(first), macAddressOf(first));
      if (first !== second) assert.notEqual(macAddressOf(first), macAddressOf(second));
    }),
  );
});

test('COMPATIBLE hardware is SATA and e1000e on q35, six disks a controller', () => {
  const [disk] = request().disks;
  assert.ok(disk !== undefined);
  const disks = Array.from({ length: 8 }, (_value, index) => ({ ...disk, diskId: `disk-${index}` }));
  const argv = planLaunch(request({ disks, hardware: 'COMPATIBLE' }), TCG);
  assert.deepEqual(values(argv, '-machine'), ['q35']);
  const devices = values(argv, '-device');
  const buses = devices.flatMap((text) => (text.startsWith('{') ? [JSON.parse(text).bus] : []));
  assert.deepEqual(buses, ['ide.0', 'ide.1', 'ide.2', 'ide.3', 'ide.4', 'ide.5', 'sata1.0', 'sata1.1']);
  assert.ok(devices.includes('ich9-ahci,id=sata1,addr=0x10'));
  assert.ok(devices.some((text) => text.startsWith('e1000e,netdev=net0,mac=52:54:00:')));
});

test('a network is chosen by name, and a bridge or tap publishes no ports', () => {
  const networks = [
    { name: 'lab', kind: 'BRIDGE', bridge: 'br-lab' },
    { name: 'tap', kind: 'BRIDGE', tap: 'tap7' },
    { name: 'out', kind: 'USER' },
  ] as const;
  const netdev = (networkName: string) =>
    values(planLaunch(request({ networkName }), { ...TCG, networks }), '-netdev')[0];
  assert.equal(netdev('lab'), 'bridge,id=net0,br=br-lab');
  assert.equal(netdev('tap'), 'tap,id=net0,ifname=tap7,script=no,downscript=no');
  assert.equal(netdev('out'), 'user,id=net0,hostfwd=tcp:127.0.0.1:18080-:80');
  assert.throws(() => netdev('else'), { code: 'NETWORK_UNKNOWN' });
});

test('a MAC address that was chosen is used', () => {
  const argv = planLaunch(request({ macAddress: '52:54:00:00:00:07' }), TCG);
  assert.match(values(argv, '-device').join(' '), /mac=52:54:00:00:00:07/);
});

test('the guest agent has its channel, and the machine the address it is given', () => {
  const argv = planLaunch(request({ macAddress: '52:54:00:aa:bb:cc', folder: '/m,n' }), TCG);
  assert.ok(values(argv, '-chardev').includes('socket,id=agent,path=/m,,n/qga.sock,server=on,wait=off'));
  const devices = values(argv, '-device');
  assert.ok(devices.includes('virtserialport,bus=agent-bus.0,chardev=agent,name=org.qemu.guest_agent.0'));
  assert.ok(devices.some((device) => device.includes('mac=52:54:00:aa:bb:cc')));
  const own = values(planLaunch(request(), TCG), '-device');
  assert.ok(own.some((device) => device.includes(`mac=${macAddressOf(request().machineId)}`)));
});

test('the outcomes of post-launch scripts come by the fourth serial port, into a file of their own', () => {
  const argv = planLaunch(request(), TCG);
  assert.ok(values(argv, '-chardev').includes('file,id=reports,path=/m/post-launch.log,append=on'));
  assert.ok(values(argv, '-device').includes('isa-serial,chardev=reports,index=3'));
});

test('a limited disk is throttled above its overlay, so that filling in is not', () => {
  const [first] = request().disks;
  assert.ok(first !== undefined);
  const limits = { operationsPerSecond: 500, bytesPerSecond: 2 ** 20 };
  const argv = planLaunch(request({ disks: [{ ...first, limits }] }), TCG);
  const [group] = values(argv, '-object').map((text) => JSON.parse(text));
  assert.deepEqual(group.limits, { 'iops-total': 500, 'bps-total': 2 ** 20 });
  const filter = nodes(argv).find((node) => node.driver === 'throttle');
  assert.equal(filter?.file, 'overlay-disk-0');
  assert.ok(values(argv, '-device').some((text) => text.includes('"drive":"limit-disk-0"')));
});

test('published ports lead to the address that a machine keeps', () => {
  const network = { addresses: [{ address: '192.0.2.77/24', gateway: '192.0.2.1' }] };
  const [netdev] = values(planLaunch(request({ network }), TCG), '-netdev');
  const around = 'net=192.0.2.0/24,host=192.0.2.1,dns=192.0.2.2,dhcpstart=192.0.2.3';
  assert.equal(netdev, `user,id=net0,${around},restrict=on,hostfwd=tcp:127.0.0.1:18080-192.0.2.77:80`);
});

test('the disk of scripts comes after all others, and not where disks are only filled in', () => {
  const [first] = request().disks;
  assert.ok(first !== undefined);
  const scriptsDiskPath = '/m/scripts.raw';
  for (const hardware of ['VIRTIO', 'COMPATIBLE'] as const) {
    for (const count of [1, 5, 6, 12, DISKS_MAX]) {
      const disks = Array.from({ length: count }, (_, index) => ({ ...first, diskId: `disk-${index}` }));
      const argv = planLaunch(request({ hardware, disks, scriptsDiskPath }), TCG);
      const devices = values(argv, '-device').flatMap((text) =>
        text.startsWith('{') ? [JSON.parse(text)] : [],
      );
      const places = devices.map(({ bus = '', addr = '' }) => `${bus} ${addr}`);
      assert.equal(new Set(places).size, count + 1, 'each has a place of its own');
      assert.equal(devices.at(-1)?.serial, 'landfall-scripts');
      assert.equal(devices.at(-1)?.bootindex, undefined);
      const last = devices.at(-1)?.addr;
      if (hardware === 'VIRTIO')
        assert.equal(last, count === 16 ? '0x1f.0x1' : `0x${(16 + count).toString(16)}`);
      const buses = values(argv, '-device').filter((text) => text.startsWith('ich9-ahci')).length;
      if (hardware === 'COMPATIBLE') assert.equal(buses, Math.ceil((count + 1) / 6) - 1);
    }
    const filling = planLaunch(request({ hardware, scriptsDiskPath, onlyHydrate: true }), TCG);
    assert.ok(!filling.some((word) => word.includes('scripts')));
  }
});
