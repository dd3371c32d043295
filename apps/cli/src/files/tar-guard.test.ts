import assert from 'node:assert/strict';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { run, runChecked } from '@landfall/runtime';
import fc from 'fast-check';
import { unpackInto } from './linux-unpack.ts';
import { guardArchive } from './tar-guard.ts';

interface Made {
  readonly name: string;
  readonly type?: string;
  readonly linkName?: string;
  readonly content?: Buffer | string;
  /** Said, whatever the content is. */
  readonly size?: number;
}

function member({ name, type = '0', linkName = '', content = '', size }: Made): Buffer {
  const body = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'latin1');
  header.write('0000644\0', 100);
  header.write(`${(size ?? body.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write(linkName, 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return changed(Buffer.concat([header, body, padding]), 0, '');
}

/** With the right checksum. */
function changed(made: Buffer, at: number, text: string): Buffer {
  const result = Buffer.from(made);
  result.write(text, at, 'latin1');
  result.write('        ', 148);
  const sum = result.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  result.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return result;
}

function pax(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length + 1;
    while (`${length}${rest}`.length !== length) length += 1;
    return `${length}${rest}`;
  });
  return member({ name: 'pax', type, content: Buffer.from(lines.join(''), 'latin1') });
}

const END = Buffer.alloc(1024);

async function* inChunks(archive: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < archive.length; start += chunkBytes)
    yield archive.subarray(start, start + chunkBytes);
}

async function guarded(parts: readonly Buffer[], chunkBytes = 700) {
  const { content, counts } = guardArchive(inChunks(Buffer.concat(parts), chunkBytes));
  const passed: Buffer[] = [];
  for await (const part of content) passed.push(part);
  return { passed: Buffer.concat(passed), ...counts };
}

const HOSTILE: Readonly<Record<string, readonly Buffer[]>> = {
  'an absolute name': [member({ name: '/etc/passwd' })],
  'a name that leads up': [member({ name: './a/../../b' })],
  'a name of pax that leads up': [pax({ path: '../b' }), member({ name: 'b' })],
  'a long name of GNU that leads up': [
    member({ name: 'L', type: 'L', content: '../b\0' }),
    member({ name: 'b' }),
  ],
  'a hard link to outside': [member({ name: 'a', type: '1', linkName: '/etc/shadow' })],
  'a hard link that leads up': [member({ name: 'a', type: '1', linkName: 'x/../../shadow' })],
  'a hard link of pax that leads up': [
    pax({ linkpath: '../s' }),
    member({ name: 'a', type: '1', linkName: 'b' }),
  ],
  'a file through a link': [
    member({ name: 'a', type: '2', linkName: '/etc' }),
    member({ name: './a//passwd' }),
  ],
  'a file in the place of a link': [
    member({ name: 'a', type: '2', linkName: '/etc/x' }),
    member({ name: 'a' }),
  ],
  'a folder in the place of a link': [
    member({ name: 'a', type: '2', linkName: '/etc' }),
    member({ name: 'a/', type: '5' }),
  ],
  'a hard link through a link': [
    member({ name: 'a', type: '2', linkName: '/etc' }),
    member({ name: 'b', type: '1', linkName: 'a/shadow' }),
  ],
  'a file through a hard link to a link': [
    member({ name: 'a', type: '2', linkName: '/etc' }),
    member({ name: 'b', type: '1', linkName: 'a' }),
    member({ name: 'b/passwd' }),
  ],
  'a kind nobody knows': [member({ name: 'a', type: 'V' })],
  'a sparse member of GNU': [member({ name: 'a', type: 'S' })],
  'a sparse member of pax': [pax({ 'GNU.sparse.name': '../b' }), member({ name: 'a' })],
  'a global record': [pax({ path: '../b' }, 'g'), member({ name: 'a' })],
  'a link with a size': [member({ name: 'a', type: '2', linkName: 'b', size: 512 })],
  'a size of blanks': [changed(member({ name: 'a' }), 124, ' '.repeat(12))],
  'a size after a blank that is none everywhere': [changed(member({ name: 'a' }), 124, '\u00a00000001000')],
  'a record of GNU nobody needs': [pax({ 'GNU.dumpdir': 'Nb' }), member({ name: 'a' })],
  'a size that is no number': [pax({ size: '-1' }), member({ name: 'a' })],
  'a record without an end': [
    member({ name: 'x', type: 'x', content: '99 path=b\n' }),
    member({ name: 'a' }),
  ],
  'a header that was changed': [Buffer.concat([Buffer.from('x'), member({ name: 'abc' }).subarray(1)])],
  'a description without its member': [pax({ path: 'b' })],
};

for (const [what, parts] of Object.entries(HOSTILE)) {
  test(`an archive is refused for ${what}`, async () => {
    await assert.rejects(guarded([...parts, END]), { code: 'FILES_ARCHIVE_UNSAFE' });
  });
}

test('an archive that ends before its end is refused wherever it was cut', async () => {
  const whole = Buffer.concat([
    member({ name: 'a', content: Buffer.alloc(900, 1) }),
    member({ name: 'b' }),
    END,
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - END.length),
      fc.integer({ min: 1, max: 2000 }),
      async (cut, chunk) => {
        await assert.rejects(guarded([whole.subarray(0, cut)], chunk), { code: 'FILES_TRANSFER_BROKEN' });
      },
    ),
    { numRuns: 60 },
  );
});

test('any bytes are refused or passed on, and never fail otherwise', async () => {
  const start = member({ name: 'a', type: '2', linkName: 'b' });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 1500 }), fc.nat(511), async (bytes, at) => {
      const changed = Buffer.from(start);
      changed[at] = bytes[0] ?? 0;
      try {
        await guarded([changed, Buffer.from(bytes), END]);
      } catch (error) {
        assert.match(String((error as { code?: string }).code), /^FILES_/);
      }
    }),
    { numRuns: 200 },
  );
});

test('devices are left out with all that describes them, and what is beside them is not', async () => {
  const before = member({ name: 'a', content: 'x' });
  const after = member({ name: 'c', content: 'y' });
  const device = [pax({ path: 'dev/sda' }), member({ name: 'sda', type: '4' })];
  const result = await guarded([before, ...device, member({ name: 'tty', type: '3' }), after, END]);
  assert.deepEqual([result.members, result.devicesLeftOut], [2, 2]);
  assert.ok(result.passed.equals(Buffer.concat([before, after, END])));
});

/** Unguarded: where tar only warns, its exit code is not 0. */
async function foundByTar(archive: Buffer, folder: string): Promise<string[]> {
  const command = ['tar', '--extract', '--verbose', '--file=-', '--directory', folder];
  const { stdout } = await run(command, { input: archive });
  return stdout.split('\n').slice(0, -1);
}

/** Archives that GNU tar reads in another way than their headers say, and what it finds in them. */
const UNLIKE: Readonly<Record<string, { readonly parts: readonly Buffer[]; readonly found: string }>> = {
  'a file that is named like a folder': {
    parts: [member({ name: 'a/', content: member({ name: 'hidden' }) })],
    found: 'a/ hidden',
  },
  'a file that pax names like a folder': {
    parts: [pax({ path: 'a/' }), member({ name: 'a', content: member({ name: 'hidden' }) })],
    found: 'a/ hidden',
  },
  'a file that pax names like a folder before a NUL': {
    parts: [pax({ path: 'a/\0b' }), member({ name: 'a', content: member({ name: 'hidden' }) })],
    found: 'a/ hidden',
  },
  'a file with a long name like that of a folder': {
    parts: [
      member({ name: 'L', type: 'L', content: 'a/\0' }),
      member({ name: 'a', content: member({ name: 'hidden' }) }),
    ],
    found: 'a/ hidden',
  },
  'a member that pax describes twice': {
    parts: [pax({ path: 'harmless' }), pax({ mtime: '1' }), member({ name: 'hidden' })],
    found: 'hidden',
  },
  'a member with a long name and one of pax': {
    parts: [
      pax({ path: 'hidden' }),
      member({ name: 'L', type: 'L', content: 'harmless\0' }),
      member({ name: 'a' }),
    ],
    found: 'hidden',
  },
  'a member with a record whose key has a NUL': {
    parts: [pax({ '\0': '', path: 'harmless' }), member({ name: 'hidden' })],
    found: 'hidden',
  },
};

for (const [what, { parts, found }] of Object.entries(UNLIKE)) {
  test(`an archive that tar reads in another way is refused: ${what}`, async (t) => {
    const archive = Buffer.concat([...parts, END]);
    assert.equal((await foundByTar(archive, await folderFor(t))).join(' '), found, 'of tar');
    await assert.rejects(guarded([archive]), { code: 'FILES_ARCHIVE_UNSAFE' });
  });
}

test('tar finds as many members in what is passed on as were judged', async (t) => {
  const word = fc.constantFrom('a', 'b/', 'c/d', 'e\0f', 'g/\0h', '.', 'i ');
  const records = fc.dictionary(fc.constantFrom('path', 'linkpath', 'size', 'mtime', 'pa\0th'), word);
  const type = fc.constantFrom('0', '\0', '1', '2', '5', '6', '7', 'x', 'L', 'K');
  const content = fc.constantFrom('', 'x', member({ name: 'inner' }), member({ name: 'inner/', type: '5' }));
  const part = fc.oneof(
    { weight: 1, arbitrary: fc.record({ records }) },
    {
      weight: 4,
      arbitrary: fc.record({ name: word, type, linkName: word, content }),
    },
  );
  const folder = await folderFor(t);
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), async (parts) => {
      const archive = parts.map((each) => ('records' in each ? pax(each.records) : member(each)));
      const result = await guarded([...archive, END]).catch((error: { code?: string }) => {
        assert.match(String(error.code), /^FILES_/);
      });
      if (result === undefined) return;
      passed += 1;
      const found = await foundByTar(result.passed, await mkdtemp(join(folder, 'to-')));
      assert.equal(found.length, result.members, found.join(' '));
    }),
    { numRuns: 600 },
  );
  assert.ok(passed > 10, `only ${passed} were passed on`);
});

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tar-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('what the real tar packs is passed on and unpacked as it was', async (t) => {
  const folder = await folderFor(t);
  const from = join(folder, 'from');
  const deep = join(from, 'd'.repeat(120), 'e'.repeat(120));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'new\nline'), 'deep');
  await writeFile(Buffer.concat([Buffer.from(`${from}/`), Buffer.from([0xff])]), 'bytes');
  await writeFile(join(from, 'run'), 'run');
  await chmod(join(from, 'run'), 0o751);
  await link(join(from, 'run'), join(from, 'again'));
  await symlink('/etc/passwd', join(from, 'link'));
  const archive = join(folder, 'a.tar');
  for (const format of ['gnu', 'posix', 'ustar']) {
    const to = join(folder, format);
    await mkdir(to);
    if (format === 'ustar') await rm(join(from, 'd'.repeat(120)), { recursive: true });
    await runChecked([
      'tar',
      '--create',
      `--format=${format}`,
      `--file=${archive}`,
      '--directory',
      from,
      '.',
    ]);
    const { content, counts } = guardArchive(inChunks(await readFile(archive), 4000));
    await unpackInto(to, content, process.getuid?.() === 0);
    assert.equal(counts.members, format === 'ustar' ? 5 : 8);
    await runChecked(['diff', '--recursive', '--no-dereference', from, to]);
    assert.equal((await stat(join(to, 'run'))).mode & 0o777, 0o751);
    assert.equal((await stat(join(to, 'again'))).nlink, 2);
  }
});

test('without root, what is unpacked has no setuid bits of the guest', async (t) => {
  const folder = await folderFor(t);
  const parts = [
    changed(member({ name: 'run', content: 'x' }), 100, '0006755\0'),
    changed(member({ name: 'in/', type: '5' }), 100, '0003755\0'),
  ];
  const { content } = guardArchive(inChunks(Buffer.concat([...parts, END]), 512));
  await unpackInto(folder, content, false);
  for (const name of ['run', 'in']) assert.equal((await stat(join(folder, name))).mode & 0o7000, 0, name);
});

test('nothing hostile reaches what is beside the folder', async (t) => {
  const folder = await folderFor(t);
  for (const parts of Object.values(HOSTILE)) {
    const to = join(folder, 'to');
    await mkdir(to);
    const { content } = guardArchive(inChunks(Buffer.concat([...parts, END]), 512));
    await assert.rejects(unpackInto(to, content, false), { code: 'FILES_ARCHIVE_UNSAFE' });
    assert.deepEqual(await readdir(folder), ['to']);
    await rm(to, { recursive: true });
  }
});
