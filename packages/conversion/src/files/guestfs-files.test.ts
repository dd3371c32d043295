import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Clock, silentLogger, systemClock } from '@landfall/runtime';
import fc from 'fast-check';
import { type FakeAnswer, type FakeGuestfish, fakeGuestfish } from '../appliance/fake-guestfish.testing.ts';
import { batchesOf, GuestFiles, type GuestFilesLimits } from './guestfs-files.ts';

const PLACE = { filesystem: 'UUID=root', path: Buffer.from('/folder') };
const LSBLK: FakeAnswer = { pattern: 'lsblk', output: 'PATH="/dev/vg/root" FSTYPE="ext4" UUID="root"\n' };
const FOLDER: FakeAnswer = { pattern: '^-statns "/folder"$', output: statusOf(0o040755) };
const FILE: FakeAnswer = { pattern: '^-statns "/folder"$', output: statusOf(0o100644) };
const OWN_STATUS: FakeAnswer = { pattern: '^-lstatns "/folder"$', output: statusOf(0o100644) };

function statusOf(mode: number): string {
  return `st_ino: 7\nst_mode: ${mode}\nst_nlink: 1\nst_uid: 0\nst_gid: 0\nst_size: 1\nst_blocks: 1\nst_mtime_sec: 1\nst_mtime_nsec: 0\n`;
}

interface Opening {
  readonly answers: readonly FakeAnswer[];
  readonly clock?: Clock;
  readonly limits?: Partial<GuestFilesLimits>;
}

async function open(
  context: TestContext,
  { answers, clock = systemClock, limits = {} }: Opening,
): Promise<{ files: GuestFiles; fake: FakeGuestfish }> {
  const fake = await fakeGuestfish(context, [...answers, LSBLK]);
  const files = await GuestFiles.open({
    ...{ disks: [], useKvm: false, logger: silentLogger, clock, limits },
    scratchFolder: join(fake.folder, 'scratch'),
    signal: new AbortController().signal,
  });
  context.after(() => files.close());
  return { files, fake };
}

function shown(listing: Awaited<ReturnType<GuestFiles['list']>>): (string | undefined)[][] {
  return listing.entries.map(({ name, kind, target }) => [String(name), kind, target?.toString()]);
}

test('a folder with damaged entries is listed, each of them in its place', async (context) => {
  const damaged = { error: 'Structure needs cleaning' };
  const { files } = await open(context, {
    answers: [
      FOLDER,
      { pattern: '^-ls0', content: 'bad\0good\0link\0odd link\0odd name\0' },
      { pattern: '^-lstatnslist', ...damaged },
      { pattern: '^-lstatns "/folder/(good)"', output: statusOf(0o100644) },
      { pattern: '^-lstatns "/folder/(link|odd link)"', output: statusOf(0o120777) },
      { pattern: '^-lstatns ', ...damaged },
      { pattern: '^-readlink "/folder/link"', ...damaged },
      { pattern: '^-readlink ', output: 'target\n' },
    ],
  });
  const listing = await files.list(PLACE, { limit: 10 });
  assert.deepEqual(shown(listing), [
    ['bad', 'UNKNOWN', undefined],
    ['good', 'FILE', undefined],
    ['link', 'SYMLINK', undefined],
    ['odd link', 'SYMLINK', 'target'],
    ['odd name', 'UNKNOWN', undefined],
  ]);
  assert.equal(listing.hasMore, false);
});

test('names of hostile lengths give guestfish nothing but commands', async (context) => {
  const names = Array.from({ length: 150 }, (_, index) => `${index}${'x'.repeat(250)}`);
  const { files, fake } = await open(context, {
    answers: [FOLDER, { pattern: '^-ls0', content: `${names.join('\0')}\0\n!id\0` }],
  });
  const { entries } = await files.list(PLACE, { limit: 1000 });
  assert.equal(entries.length, names.length + 1);
  const lines = await fake.lines();
  assert.ok(lines.length > names.length, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.startsWith('-') && line.length < 8190, line);
});

test('a page ends by time with what it has, and says that there is more', async (context) => {
  let seconds = 0n;
  const monotonicNs = () => {
    seconds += 3n;
    return seconds * 1_000_000_000n;
  };
  const { files } = await open(context, {
    answers: [
      FOLDER,
      { pattern: '^-ls0', content: 'a\0b\0c\0' },
      { pattern: '^-lstatns', output: statusOf(0o100644) },
    ],
    clock: { ...systemClock, monotonicNs },
  });
  const seen: string[] = [];
  for (let after: Buffer | undefined; ; ) {
    const { entries, hasMore } = await files.list(PLACE, { after, limit: 10 });
    assert.equal(entries.length, 1);
    seen.push(...entries.map(({ name }) => String(name)));
    if (!hasMore) break;
    after = entries[0]?.name;
  }
  assert.deepEqual(seen, ['a', 'b', 'c']);
});

test('a download that fails before anybody reads it is told to who waits for it', async (context) => {
  const { files } = await open(context, {
    answers: [FILE, { pattern: '^-download', error: 'Input/output error' }, OWN_STATUS],
  });
  const { stream, whole } = await files.download(PLACE);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  await assert.rejects(whole, { code: 'FILES_UNREADABLE' });
  // An error without a listener would end this process.
  await closed;
  await assert.rejects(stream.toArray());
  assert.equal((await files.list(PLACE, { limit: 1 })).entries.length, 1);
});

test('a download comes whole, and the appliance stays', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { files } = await open(context, {
    answers: [FILE, { pattern: '^-download', content: 'content' }, OWN_STATUS],
  });
  for (let count = 0; count < 2; count += 1) {
    const { stream, whole } = await files.download(PLACE);
    assert.equal(Buffer.concat(await stream.toArray()).toString(), 'content');
    await whole;
    context.mock.timers.tick(3_600_000);
  }
  assert.equal((await files.list(PLACE, { limit: 1 })).entries.length, 1);
});

test('an opening, a listing and a cancelled download that hang end the appliance', async (context) => {
  const hanging = { code: 'APPLIANCE_FAILED' };
  await context.test('opening', async (inner) => {
    const answers = [{ pattern: '^-run$', hangs: true }];
    await assert.rejects(open(inner, { answers, limits: { openMs: 50 } }), hanging);
  });
  await context.test('listing', async (inner) => {
    const answers = [FOLDER, { pattern: '^-ls0', hangs: true }];
    const { files } = await open(inner, { answers, limits: { listMs: 1000 } });
    await assert.rejects(files.list(PLACE, { limit: 1 }), hanging);
    await assert.rejects(files.list(PLACE, { limit: 1 }), hanging);
  });
  await context.test('cancelled download', async (inner) => {
    const answers = [FILE, { pattern: '^-download', hangs: true }];
    const { files } = await open(inner, { answers, limits: { cancelMs: 50 } });
    const { stream, whole } = await files.download(PLACE);
    stream.destroy();
    await assert.rejects(whole, hanging);
  });
});

test('batches keep every name in its order, and their bounds', () => {
  const name = fc.uint8Array({ minLength: 1, maxLength: 255 }).map((bytes) => Buffer.from(bytes));
  const property = fc.property(fc.array(name, { maxLength: 300, size: 'max' }), (names) => {
    const batches = batchesOf(names);
    assert.deepEqual(batches.flat(), names);
    for (const batch of batches) {
      assert.ok(batch.length > 0 && batch.length <= 200);
      assert.ok(batch.reduce((sum, each) => sum + each.length + 1, 0) <= 3000);
    }
  });
  fc.assert(property, { numRuns: 20 });
});
