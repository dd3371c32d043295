/** The journal on real file systems, with real processes: kill -9, locks, full volumes. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MIB, OperationError, run, runChecked, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, testCommit, zstdExtent } from '../extents.testing.ts';
import { discardJournalGroup } from '../group/open-journal-group.ts';
import { openTestGroup } from '../test-storage.testing.ts';

const DISKS = [
  { diskId: 'disk-0', sizeBytes: 8 * MIB },
  { diskId: 'disk-1', sizeBytes: 2 * MIB + 4096 },
];

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-journal-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A small file system of its own, on a folder inside `folder`. */
async function mountedFolder(
  t: TestContext,
  prepare: (folder: string) => Promise<readonly string[]>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-journal-'));
  const mounted = join(folder, 'mounted');
  await runChecked(['mkdir', mounted]);
  t.after(async () => {
    await run(['umount', '--lazy', mounted]);
    await rm(folder, { recursive: true, force: true });
  });
  await runChecked(['mount', ...(await prepare(folder)), mounted]);
  return mounted;
}

async function ext4Image(folder: string): Promise<readonly string[]> {
  const image = join(folder, 'image');
  await runChecked(['truncate', '-s', '16M', image]);
  await runChecked(['mkfs.ext4', '-q', '-m', '0', '-O', '^has_journal', image]);
  return ['-o', 'loop', image];
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof OperationError && error.code === code;
}

test('a journal on the file system keeps its epochs, knows its size, and is discarded whole', async (t) => {
  const folder = join(await temporaryFolder(t), 'group');
  const options = { folder, disks: DISKS, logger: silentLogger, reserveBytes: 0 };
  await assert.rejects(openTestGroup(options), hasCode('JOURNAL_MISSING'));
  const group = await openTestGroup({ ...options, create: true, segmentBytes: MIB });
  await putEpoch(group, [rawExtent(0, MIB, Buffer.alloc(MIB, 'base'))]);
  for (let epoch = 2; epoch <= 8; epoch += 1) {
    const offset = epoch * 100_000;
    await putEpoch(group, [
      rawExtent(0, offset, Buffer.alloc(400_000, `epoch ${epoch}`)),
      zstdExtent(1, offset, Buffer.alloc(90_000, `epoch ${epoch}`)),
    ]);
  }
  const before = [await readDisk(group, 5, 0), await readDisk(group, 8, 1)];
  const bytes = await group.bytesOnDisk();
  assert.ok(bytes > 3 * MIB && bytes < 7 * MIB, `${bytes} bytes: the base is sparse`);
  await group.close();
  const again = await openTestGroup({ folder, logger: silentLogger });
  assert.equal(again.lastEpoch, 8);
  assert.ok((await readDisk(again, 5, 0)).equals(before[0] ?? Buffer.alloc(0)));
  assert.ok((await readDisk(again, 8, 1)).equals(before[1] ?? Buffer.alloc(0)));
  await assert.rejects(discardJournalGroup(folder), hasCode('JOURNAL_IN_USE'));
  await again.close();
  assert.ok((await discardJournalGroup(folder)) > 3 * MIB);
  assert.equal(await discardJournalGroup(folder), 0);
});

test('small sequential reads of a compressed extent are read ahead and are right', async (t) => {
  const folder = await temporaryFolder(t);
  const group = await openTestGroup({
    folder,
    disks: DISKS,
    logger: silentLogger,
    create: true,
    reserveBytes: 0,
  });
  await putEpoch(group, []);
  const content = Buffer.from(Array.from({ length: MIB }, (_, at) => (at * 7 + (at >> 9)) & 0xff));
  await putEpoch(group, [zstdExtent(0, 2 * MIB, content), rawExtent(0, 5 * MIB, content)]);
  const view = await group.openView(2);
  const expected = await readDisk(group, 2, 0);
  assert.ok(expected.subarray(2 * MIB, 3 * MIB).equals(content));
  for (const step of [4096, 65_536, 100_000]) {
    for (let offset = MIB; offset + step <= 7 * MIB; offset += step) {
      const part = Buffer.alloc(step);
      await view.disks[0]?.read(offset, part);
      assert.ok(part.equals(expected.subarray(offset, offset + step)));
    }
  }
  await view.close();
  await group.close();
});

/**
 * A process that writes epochs, one extent a disk, and prints each that was acknowledged, until it is killed.
 */
function writerProgram(folder: string): string {
  const source = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
  return `
    import { openTestGroup } from ${source('../test-storage.testing.ts')};
    import { putEpoch, rawExtent } from ${source('../extents.testing.ts')};
    import { silentLogger } from ${source('../../../runtime/src/log.ts')};
    const options = { folder: ${JSON.stringify(folder)}, disks: ${JSON.stringify(DISKS)}, reserveBytes: 0 };
    const settings = { logger: silentLogger, create: true, segmentBytes: 300000 };
    const group = await openTestGroup({ ...options, ...settings });
    for (;;) {
      const epoch = group.lastEpoch + 1;
      const content = Buffer.alloc(4096, String(epoch));
      const places = [[0, epoch % 99 * 4096], [1, epoch % 88 * 512]];
      await putEpoch(group, places.map(([disk, offset]) => rawExtent(disk, offset, content)));
      process.stdout.write(epoch + '\\n');
    }`;
}

test('kill -9 loses no acknowledged epoch, and its lock is taken over', async (t) => {
  const folder = await temporaryFolder(t);
  const program = join(folder, 'writer.mjs');
  const journal = join(folder, 'group');
  await writeFile(program, writerProgram(journal));
  for (let round = 1; round <= 2; round += 1) {
    const killer = new AbortController();
    let acknowledged = 0;
    let refusal: unknown;
    const openBeside = async () => {
      refusal = await openTestGroup({ folder: journal, logger: silentLogger }).catch(
        (error: unknown) => error,
      );
    };
    let opening: Promise<void> | undefined;
    const onOutput = (text: string) => {
      acknowledged = Number(text.trim().split('\n').at(-1));
      opening ??= openBeside();
      if (acknowledged > 100 * round && refusal !== undefined) killer.abort();
    };
    const result = await run([process.execPath, program], { signal: killer.signal, onOutput });
    assert.equal(result.killedBy, 'SIGKILL', result.stderr);
    await opening;
    assert.ok(hasCode('JOURNAL_IN_USE')(refusal));
    const group = await openTestGroup({ folder: journal, logger: silentLogger, reserveBytes: 0 });
    assert.ok(
      group.lastEpoch >= acknowledged,
      `${acknowledged} was acknowledged, ${group.lastEpoch} is there`,
    );
    const { lastEpoch } = group;
    const content = await readDisk(group, lastEpoch, 0);
    const offset = (lastEpoch % 99) * 4096;
    assert.ok(content.subarray(offset, offset + 4096).equals(Buffer.alloc(4096, String(lastEpoch))));
    assert.deepEqual((await readdir(journal)).filter((name) => name.startsWith('lock-')).length, 1);
    await group.close();
  }
});

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : 'mounting a small file system needs root';

test('a file system that is full loses nothing, and the journal goes on when there is space', {
  skip,
}, async (t) => {
  const mounted = await mountedFolder(t, ext4Image);
  const journal = join(mounted, 'group');
  const group = await openTestGroup({
    folder: journal,
    disks: DISKS,
    logger: silentLogger,
    create: true,
    reserveBytes: 0,
  });
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(MIB, 'base'))]);
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(MIB, 'kept'))]);
  const kept = await readDisk(group, 2, 0);
  const ballast = join(mounted, 'ballast');
  await writeFile(ballast, Buffer.alloc(8 * MIB));
  const fill = async () => {
    for (let put = 0; put < 100; put += 1) {
      const { header, payload } = rawExtent(put % 2, 0, Buffer.alloc(MIB, 'lost'));
      await group.putExtent(header, payload);
    }
  };
  await assert.rejects(fill(), hasCode('STAGING_FULL'));
  assert.ok((await readDisk(group, 2, 0)).equals(kept));
  await group.abandon();
  await rm(ballast);
  const epoch = await putEpoch(group, [rawExtent(0, MIB, Buffer.alloc(MIB, 'next'))]);
  await group.close();
  const again = await openTestGroup({ folder: journal, logger: silentLogger, reserveBytes: 0 });
  assert.equal(again.lastEpoch, epoch);
  const content = await readDisk(again, epoch, 0);
  assert.ok(content.subarray(0, MIB).equals(kept.subarray(0, MIB)));
  assert.ok(content.subarray(MIB, 2 * MIB).equals(Buffer.alloc(MIB, 'next')));
  await again.close();
});

test('the file system itself refusing a write, in the first sync too, is STAGING_FULL', {
  skip,
}, async (t) => {
  const mounted = await mountedFolder(t, async () => ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs']);
  // With a reserve of less than nothing the journal does not see the end before the file system does.
  const options = {
    folder: join(mounted, 'group'),
    disks: DISKS,
    logger: silentLogger,
    reserveBytes: -1000 * MIB,
  };
  const group = await openTestGroup({ ...options, create: true });
  const content = Buffer.alloc(MIB, 'full');
  // In the first sync a write is told of by one of the calls that follow, at the latest by the commit.
  const fill = async (epoch: number) => {
    for (let chunk = 0; chunk < 8; chunk += 1) {
      const { header, payload } = rawExtent(0, chunk * MIB, content);
      await group.putExtent(header, payload);
    }
    await group.commit(testCommit(epoch, 8));
  };
  await assert.rejects(fill(1), hasCode('STAGING_FULL'));
  assert.equal(group.lastEpoch, 0);
  await runChecked(['mount', '-o', 'remount,size=13m', mounted]);
  await group.abandon();
  await fill(1);
  const whole = Buffer.alloc(8 * MIB, content);
  await assert.rejects(fill(2), hasCode('STAGING_FULL'));
  assert.ok((await readDisk(group, 1, 0)).equals(whole));
  await runChecked(['mount', '-o', 'remount,size=24m', mounted]);
  await group.abandon();
  await fill(2);
  assert.ok((await readDisk(group, 2, 0)).equals(whole));
  await group.close();
});
