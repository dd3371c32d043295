/** What a guest or an appliance can do to a conversion, with a program in guestfish's place. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { type FakeAnswer, type FakeGuestfish, fakeGuestfish } from '../appliance/fake-guestfish.testing.ts';
import { fakeProgram } from '../appliance/fake-program.testing.ts';
import { ReadyAppliance } from '../appliance/guestfs-ready-appliance.ts';
import { type ConversionRequest, convertGuest } from './guestfs-convert.ts';

const TARGET = {
  macAddress: '52:54:00:aa:bb:cc',
  given: { address: '10.0.2.15/24', gateway: '10.0.2.2' },
};
const DISK = { diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: 4096, isBootDisk: true };
const STARTED: readonly FakeAnswer[] = [
  { pattern: '^-list-disk-labels', output: 'diska: /dev/sda\n' },
  { pattern: '^-debug sh .*guestfs', output: 'lrwxrwxrwx 1 0 0 9 Nov 26 18:10 diska -> ../../sda\n' },
  { pattern: '^-pread-device "[^"]*" "2" ', output: 'e' },
  { pattern: '^-pread-device "[^"]*" "440" ', output: 'code' },
  { pattern: '^-(statns|readlink)', error: 'No such file or directory' },
];

function volumes(...types: readonly string[]): FakeAnswer {
  const lines = types.map((type, index) => `PATH="/dev/sda${index + 1}" FSTYPE="${type}" UUID="${index}"\n`);
  return { pattern: '^-debug sh .*lsblk', output: lines.join('') };
}

interface Attempt {
  readonly fake: FakeGuestfish;
  readonly convert: (changes?: Partial<ConversionRequest>) => ReturnType<typeof convertGuest>;
}

async function withAnswers(context: TestContext, ...answers: readonly FakeAnswer[]): Promise<Attempt> {
  const fake = await fakeGuestfish(context, [...answers, ...STARTED]);
  const request: ConversionRequest = {
    disks: [{ ...DISK, overlayPath: '/none/overlay.qcow2' }],
    ...{ target: TARGET, scratchFolder: fake.folder, useKvm: false, logger: silentLogger },
    method: 'LANDFALL',
  };
  return { fake, convert: (changes = {}) => convertGuest({ ...request, ...changes }) };
}

async function assertNothingWritten({ lines, folder }: FakeGuestfish): Promise<void> {
  const changing = /^-(upload|write|mv|rm-rf|cp|ln-sf|command|mkdir-p|chmod)/;
  assert.deepEqual(
    (await lines()).filter((line) => changing.test(line)),
    [],
  );
  assert.ok(!(await readdir(folder)).includes('conversion'), 'its folder is gone');
}

test('a disk that another bears the name of is told with its size, and nothing is done', async (context) => {
  for (const [read, says] of [
    ['', '512'],
    ['two', '8192'],
  ] as const) {
    const larger = { pattern: '^-pread-device "[^"]*" "2" ', output: read };
    const size = { pattern: '^-blockdev-getsize64', output: `${says}\n` };
    const { fake, convert } = await withAnswers(context, larger, size, volumes('ext4'));
    await assert.rejects(convert(), {
      code: 'APPLIANCE_FAILED',
      message: new RegExp(`/dev/sda has ${says} bytes`),
      retryable: true,
    });
    await assertNothingWritten(fake);
  }
});

test('an encrypted root is told as what it is, at once', async (context) => {
  const { fake, convert } = await withAnswers(context, volumes('ext4', 'crypto_LUKS'));
  await assert.rejects(convert(), {
    code: 'CONVERSION_IMPOSSIBLE',
    message: /root filesystem is encrypted/,
    retryable: false,
  });
  await assertNothingWritten(fake);
});

test('a missing root is told with what was found instead, and looked for again', async (context) => {
  const { fake, convert } = await withAnswers(context, volumes('ext4', 'ntfs'));
  await assert.rejects(convert(), {
    code: 'CONVERSION_IMPOSSIBLE',
    message: /no root filesystem was found on its disks \(\/dev\/sda1 ext4, \/dev\/sda2 ntfs\)/,
    retryable: true,
  });
  await assertNothingWritten(fake);
});

test('disks without any file system are no system at all', async (context) => {
  const { convert } = await withAnswers(context, volumes(), { pattern: '^-list-filesystems', output: '' });
  await assert.rejects(convert(), { code: 'CONVERSION_IMPOSSIBLE', message: /no filesystem at all/ });
});

test('a system that is not Linux is left as it is, on the hardware that most systems know', async (context) => {
  for (const [types, name] of [
    [['vfat', 'ntfs'], 'Windows'],
    [['ufs'], 'BSD or Solaris (UFS)'],
  ] as const) {
    const { fake, convert } = await withAnswers(context, volumes(...types));
    const { hardware, prettyName, bootMode } = await convert();
    assert.deepEqual([hardware, prettyName, bootMode], ['COMPATIBLE', name, 'LEGACY_BIOS']);
    await assertNothingWritten(fake);
  }
});

test('an appliance that hangs is ended at its time, and the launch host may begin again', async (context) => {
  const { fake, convert } = await withAnswers(context, { pattern: '^-run$', hangs: true });
  await assert.rejects(convert({ timeoutMs: 500 }), {
    code: 'APPLIANCE_FAILED',
    message: /did not end within 500 ms/,
    retryable: true,
  });
  await assertNothingWritten(fake);
});

test('an appliance that dies may be begun again', async (context) => {
  const { fake, convert } = await withAnswers(context, { pattern: '^-mount ', dies: true }, volumes('ext4'));
  await assert.rejects(convert(), { code: 'APPLIANCE_FAILED', message: /appliance ended/, retryable: true });
  await assertNothingWritten(fake);
});

test('an appliance that was to stand ready and does not is only missed', async (context) => {
  const { fake, convert } = await withAnswers(context, volumes('ufs'), { pattern: '^-config ', dies: true });
  const ready = ReadyAppliance.start({
    ...{ socketPath: join(fake.folder, 'qmp'), useKvm: false, logger: silentLogger },
    withMonitor: () => Promise.reject(new Error('nobody listens')),
  });
  const { prettyName } = await convert({ takeReady: () => ready });
  assert.equal(prettyName, 'BSD or Solaris (UFS)');
  const lines = await fake.lines();
  assert.equal(lines.filter((line) => line === '-run').length, 1, 'of the one that was started for it');
});

test('a conversion that nobody wants any more is ended where it is', async (context) => {
  const { convert } = await withAnswers(context, volumes('ext4'), { pattern: '^-mount ', hangs: true });
  const gone = new AbortController();
  const onStep = () => gone.abort(new Error('terminated'));
  await assert.rejects(convert({ signal: gone.signal, onStep }), {
    code: 'APPLIANCE_FAILED',
    message: /cancelled/,
  });
});

test('virt-v2v that is asked for and is not there is told by its name', async (context) => {
  await fakeProgram(context, 'virt-v2v-in-place', 'exit 127');
  const { fake, convert } = await withAnswers(context, volumes('ntfs'));
  await assert.rejects(convert({ method: 'VIRT_V2V' }), {
    code: 'TOOL_MISSING',
    message: /virt-v2v-in-place/,
  });
  const { hardware } = await convert({ method: 'AUTOMATIC' });
  assert.equal(hardware, 'COMPATIBLE', 'nobody asked for it: the system runs as it is');
  await assertNothingWritten(fake);
});

test('Windows is given to virt-v2v, and gets the hardware that it says', async (context) => {
  const said = '{ "message": "This guest has virtio drivers installed.", "type": "info" }';
  await fakeProgram(context, 'virt-v2v-in-place', `echo '${said}'`);
  const { fake, convert } = await withAnswers(context, volumes('ntfs'));
  const { hardware, steps } = await convert({ method: 'AUTOMATIC' });
  assert.equal(hardware, 'VIRTIO');
  const deep = steps.filter(({ step }) => step === 'virt-v2v').map(({ detail }) => detail);
  assert.deepEqual(deep, ['started', 'This guest has virtio drivers installed.', 'ended well']);
  await assertNothingWritten(fake);
});

/** A Debian without a DHCP client, with the interface that this configures. */
function ifupdownGuest(stanza: string): readonly FakeAnswer[] {
  const path = '/etc/network/interfaces';
  return [
    volumes('ext4'),
    { pattern: '^-glob-expand .*sbin/init', output: '/etc/os-release\n/etc/fstab\n/sbin/init\n' },
    { pattern: `^-glob-expand "${path}"$`, output: `${path}\n` },
    { pattern: `^-statns "${path}"$`, output: `st_ino: 9\nst_mode: ${0o100644}\nst_size: 9\n` },
    { pattern: `^-pread "${path}"`, output: `auto ens3\niface ens3 inet ${stanza}` },
  ];
}

test('an address is kept for a guest that cannot ask, and for no other', async (context) => {
  let asked = 0;
  const giveAddress = async () => {
    asked += 1;
    return { address: '192.168.219.7/24', gateway: '192.168.219.1' };
  };
  const target = { macAddress: TARGET.macAddress };
  const fixed = await withAnswers(context, ...ifupdownGuest('static\n  address 198.51.100.7/24\n'));
  const given = await fixed.convert({ target, giveAddress });
  assert.equal(given.givenAddress, '192.168.219.7/24');
  const told = given.steps.find(({ step }) => step === 'Address');
  assert.match(told?.detail ?? '', /192\.168\.219\.7\/24 is kept for the machine/);
  assert.ok((await fixed.fake.lines()).some((line) => /^-write "\/etc\/network\/interfaces" /.test(line)));
  const asking = await withAnswers(context, ...ifupdownGuest('dhcp\n'));
  assert.equal((await asking.convert({ target, giveAddress })).givenAddress, undefined);
  const keeping = await withAnswers(context, ...ifupdownGuest('static\n  address 198.51.100.7/24\n'));
  const addresses = [{ address: '198.51.100.7/24' }];
  await keeping.convert({ target: { ...target, addresses }, giveAddress });
  assert.equal(asked, 1);
});

test('where nobody knows an address the guest is converted all the same, and told of', async (context) => {
  const { convert } = await withAnswers(context, ...ifupdownGuest('static\n  address 198.51.100.7/24\n'));
  const target = { macAddress: TARGET.macAddress };
  const { givenAddress, steps } = await convert({ target, giveAddress: async () => undefined });
  assert.equal(givenAddress, undefined);
  assert.ok(steps.some(({ step, detail }) => step === 'Note' && /stays without an address/.test(detail)));
});
