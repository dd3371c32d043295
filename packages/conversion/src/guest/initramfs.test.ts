import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, runChecked, silentLogger } from '@landfall/runtime';
import fc from 'fast-check';
import { compressArchive, readInitramfs } from '../inspect/guestfs-initramfs.ts';
import { type CpioEntry, readCpio, readCpioSequence, writeCpio } from './cpio-archive.ts';
import {
  addedEntries,
  canAppend,
  describeContent,
  findLayout,
  hasModule,
  modulesFolder,
} from './initramfs.ts';

const file = (name: string, text = ''): CpioEntry => ({ name, mode: 0o100644, content: Buffer.from(text) });
const folder = (name: string): CpioEntry => ({ name, mode: 0o040755, content: Buffer.alloc(0) });

test('a cpio archive is read back as it was written, also behind another one and zero bytes', () => {
  const name = fc.stringMatching(/^[a-z][a-z/.]{0,20}$/);
  const entry = fc.record({ name, mode: fc.constant(0o100644), content: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(fc.array(entry), fc.array(entry), fc.nat(3), (first, second, gap) => {
      const toEntries = (list: typeof first) =>
        list.map((each) => ({ ...each, content: Buffer.from(each.content) }));
      const parts = [writeCpio(toEntries(first)), Buffer.alloc(gap * 4), writeCpio(toEntries(second))];
      assert.deepEqual(readCpioSequence(Buffer.concat(parts)), toEntries([...first, ...second]));
    }),
  );
});

test('no bytes whatever make the reader throw anything but INITRAMFS_UNREADABLE', () => {
  const damaged = fc.tuple(fc.nat(400), fc.nat(255)).map(([at, value]) => {
    const bytes = writeCpio([file('a', 'text'), file('b/c', 'more text')]);
    bytes[at % bytes.length] = value;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array().map(Buffer.from)), (bytes) => {
      try {
        readCpio(bytes, 0);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'INITRAMFS_UNREADABLE');
      }
    }),
  );
});

test('the real cpio reads what we write', async () => {
  const work = await mkdtemp(join(tmpdir(), 'cpio-'));
  try {
    const archive = join(work, 'archive');
    await writeFile(archive, writeCpio([folder('lib'), file('lib/one', '1'), file('two', '22222')]));
    const { stdout } = await runChecked(['cpio', '-t', '--quiet', '-F', archive]);
    assert.deepEqual(stdout.trim().split('\n'), ['lib', 'lib/one', 'two']);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});

test('archives appended in every appendable compression are read back whole', async () => {
  const work = await mkdtemp(join(tmpdir(), 'initramfs-'));
  try {
    for (const compression of ['none', 'gzip', 'xz', 'zstd'] as const) {
      assert.ok(canAppend(compression));
      const microcode = writeCpio([file('kernel/x86/microcode', 'code')]);
      const main = await compressArchive(
        writeCpio([file('conf/modules', 'ext4\n')]),
        compression,
        join(work, 'main'),
      );
      const added = await compressArchive(
        writeCpio([file('lib/modules/1/virtio_blk.ko', 'module')]),
        compression,
        join(work, 'added'),
      );
      const path = join(work, `initrd-${compression}`);
      await writeFile(path, Buffer.concat([microcode, main, added]));
      const content = await readInitramfs(path, silentLogger);
      assert.ok(content !== undefined, compression);
      assert.ok(hasModule(content, 'virtio-blk'), compression);
      assert.equal(content.settings.get('conf/modules'), 'ext4\n');
      assert.equal(content.compression, compression);
      assert.equal((await readFile(path)).length, microcode.length + main.length + added.length);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});

test('an unknown compression is said to be unreadable, not misread', async () => {
  assert.equal(findLayout(Buffer.from('what is this?')), undefined);
  const work = await mkdtemp(join(tmpdir(), 'initramfs-'));
  try {
    await writeFile(join(work, 'x'), 'what is this?');
    assert.equal(await readInitramfs(join(work, 'x'), silentLogger), undefined);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});

test('one that unpacks to more than is taken is unreadable, and leaves nothing behind', async () => {
  const work = await mkdtemp(join(tmpdir(), 'initramfs-'));
  try {
    const zeroes = writeCpio([{ ...file('zeroes', ''), content: Buffer.alloc(4 * 1024 * 1024) }]);
    for (const compression of ['gzip', 'xz', 'zstd'] as const) {
      await writeFile(join(work, 'x'), await compressArchive(zeroes, compression, join(work, 'main')));
      assert.ok((await stat(join(work, 'x'))).size < 64 * 1024, compression);
      assert.equal(await readInitramfs(join(work, 'x'), silentLogger, 1024 * 1024), undefined, compression);
      assert.ok((await readInitramfs(join(work, 'x'), silentLogger, 8 * 1024 * 1024)) !== undefined);
      assert.deepEqual(await readdir(work), ['x']);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});

test("the host's own initramfs lists as lsinitramfs lists it", async (context) => {
  const { stdout } = await run(['find', '/boot', '-name', 'initrd.img-*']);
  const path = stdout.trim().split('\n')[0] ?? '';
  if (path === '') return context.skip('this host has no initramfs');
  const work = await mkdtemp(join(tmpdir(), 'initramfs-'));
  try {
    await runChecked(['cp', path, join(work, 'copy')]);
    const content = await readInitramfs(join(work, 'copy'), silentLogger);
    const expected = (await runChecked(['lsinitramfs', path])).stdout.trim().split('\n');
    for (const name of expected) assert.ok(content?.names.has(name), name);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});

test('an added archive never names a folder that is there: it could be a link', () => {
  const layout = findLayout(
    writeCpio([folder('usr'), folder('usr/lib'), folder('usr/lib/modules/6.1'), file('lib')]),
  );
  assert.ok(layout !== undefined);
  const content = describeContent(layout, Buffer.alloc(0));
  assert.equal(modulesFolder(content, '6.1'), 'usr/lib/modules/6.1');
  const added = addedEntries(content, [
    { name: 'usr/lib/modules/6.1/kernel/a.ko', content: Buffer.from('x') },
  ]);
  assert.deepEqual(
    added.map((entry) => entry.name),
    ['usr/lib/modules', 'usr/lib/modules/6.1/kernel', 'usr/lib/modules/6.1/kernel/a.ko'],
  );
});
