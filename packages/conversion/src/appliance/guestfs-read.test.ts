import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { silentLogger, systemClock } from '@landfall/runtime';
import { mountGuestTree } from '../files/guestfs-mounts.ts';
import { readTexts } from '../inspect/guestfs-inspect.ts';
import { type FakeAnswer, fakeGuestfish } from './fake-guestfish.testing.ts';
import { copyGuestFile, readGuestText } from './guestfs-read.ts';
import { GuestfsSession } from './guestfs-session.ts';
import { writeGuestText } from './guestfs-write.ts';

const FOLDER = 0o040755;
const CHARACTER_DEVICE = 0o020600;
const FIFO = 0o010600;
const FILE = 0o100644;

function statusOf(path: string, mode: number, size: number): FakeAnswer {
  return { pattern: `^-statns "${path}"$`, output: `st_ino: 9\nst_mode: ${mode}\nst_size: ${size}\n` };
}

async function guestWith(context: TestContext, answers: readonly FakeAnswer[]) {
  const fake = await fakeGuestfish(context, answers);
  const options = { useKvm: false, logger: silentLogger, clock: systemClock, timeoutMs: 60_000 };
  const session = new GuestfsSession(options);
  context.after(() => session.abort());
  return { fake, session, local: join(fake.folder, 'local') };
}

test('only plain files of a size that is asked for are brought out of a guest', async (context) => {
  const { fake, session, local } = await guestWith(context, [
    statusOf('/small', FILE, 10),
    statusOf('/huge', FILE, 2 ** 60),
    statusOf('/zero', CHARACTER_DEVICE, 0),
    statusOf('/pipe', FIFO, 0),
    statusOf('/folder', FOLDER, 4096),
    { pattern: '^-statns "/gone"$', error: 'No such file or directory' },
    { pattern: '^-pread', output: 'ten bytes!' },
  ]);
  const bring = (path: string) => copyGuestFile(session, { path, local, bytesMax: 10 });
  assert.match((await bring('/huge')) ?? '', /more than 10/);
  for (const path of ['/zero', '/pipe', '/folder']) assert.match((await bring(path)) ?? '', /no plain file/);
  assert.match((await bring('/gone')) ?? '', /No such file/);
  assert.equal(await bring('/small'), undefined);
  assert.equal(await readFile(local, 'utf8'), 'ten bytes!');
  const reads = (await fake.lines()).filter((line) => line.startsWith('-pread'));
  assert.deepEqual(reads, ['-pread "/small" "2097152" "0"']);
  assert.equal(await readGuestText(session, { path: '/small', bytesMax: 10 }), 'ten bytes!');
});

test('a large file comes in pieces, and one that ends early is not taken for whole', async (context) => {
  const pieces = [`\0${'a'.repeat(2 ** 21 - 1)}`, 'é\xff\n'].map((text) => Buffer.from(text, 'latin1'));
  const whole = Buffer.concat(pieces);
  const { session, local } = await guestWith(context, [
    statusOf('/large', FILE, whole.length),
    statusOf('/short', FILE, whole.length),
    { pattern: '^-pread "/short" "2097152" "2097152"' },
    ...pieces.map((piece, index) => ({
      pattern: `^-pread .* "2097152" "${index * 2 ** 21}"`,
      output: piece.toString('latin1'),
    })),
  ]);
  const request = { local, bytesMax: 2 ** 23 };
  assert.equal(await copyGuestFile(session, { ...request, path: '/large' }), undefined);
  assert.ok((await readFile(local)).equals(whole));
  const early = await copyGuestFile(session, { ...request, path: '/short' });
  assert.equal(early, 'it ends at 2097152 of 2097155 bytes');
});

test('a text goes into a guest as it is, by a file where it is too long for a line', async (context) => {
  const { fake, session } = await guestWith(context, []);
  const workFolder = fake.folder;
  await writeGuestText(session, { path: '/etc/hosts', text: '# é "\\" $x\n\t1', workFolder });
  await writeGuestText(session, { path: '/long', text: 'a'.repeat(8190), workFolder });
  const [short, long] = await fake.lines();
  assert.equal(
    Buffer.from(short ?? '', 'latin1').toString(),
    '-write "/etc/hosts" "# é \\"\\\\\\" $x\\n\\t1"',
  );
  assert.equal(long, `-upload "${join(workFolder, 'outgoing')}" "/long"`);
  assert.ok(!existsSync(join(workFolder, 'outgoing')));
});

test('an inspection asks for so many files at most, and none that is too large', async (context) => {
  const paths = Array.from({ length: 1000 }, (_, index) => `/etc/netplan/${index}.yaml`);
  const { fake, session } = await guestWith(context, [
    { pattern: '^-glob-expand', output: `${paths.join('\n')}\n` },
    statusOf('/etc/netplan/0.yaml', FILE, 1024 * 1024 + 1),
    { pattern: '^-statns', output: `st_ino: 9\nst_mode: ${FILE}\nst_size: 4\n` },
    { pattern: '^-pread', output: 'text' },
  ]);
  const inspection = { session, disks: [], workFolder: fake.folder, logger: silentLogger };
  const texts = await readTexts(inspection, ['/etc/netplan/*.yaml']);
  assert.deepEqual([...texts.keys()], paths.slice(1, 200));
});

test('a table of file systems that is none is not read', async (context) => {
  const { fake, session } = await guestWith(context, [
    { pattern: '^-glob-expand', output: '/etc/os-release\n/etc/fstab\n' },
    statusOf('/etc/fstab', FILE, 2 ** 40),
  ]);
  const root = { device: '/dev/sda', type: 'ext4', uuid: 'r', label: undefined, partUuid: undefined };
  const mounted = await mountGuestTree({ session, disks: [], filesystems: [root], logger: silentLogger });
  assert.deepEqual([...mounted], [['/dev/sda', '/']]);
  assert.ok(!(await fake.lines()).some((line) => line.startsWith('-cat')));
});
