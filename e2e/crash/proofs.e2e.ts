/**
 * The proofs of the crash campaign can fail: states that no power failure could have left are found. The
 * workloads run on real disks without replication; cuts are made by freezing, so what must be found is known.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { MIB, seededRandom, systemClock } from '../../packages/runtime/src/index.ts';
import {
  FILE_SYSTEMS,
  type FileSystem,
  makeFileSystem,
  mountFileSystem,
  unmountFileSystem,
} from './file-systems.ts';
import { attachLoopDisk, createLoopDisk } from './loop-disk.ts';
import { runTool, runToolChecked } from './patient-tool.ts';
import { provePoint } from './point-proof.ts';
import { createPostgresTemplate } from './postgres-template.ts';
import { PostgresWorkload } from './postgres-workload.ts';
import type { CutTime, Proof } from './proof.ts';
import { SqliteWorkload } from './sqlite-workload.ts';
import { STAMP_BYTES } from './stamped-block.ts';
import { StampedWorkload } from './stamped-workload.ts';
import type { Workload } from './workload.ts';

const SIZE_MIB = 320;
const BETWEEN_CUTS_MS = 700;

interface Cut extends CutTime {
  readonly images: readonly string[];
}

/** A workload that has ended, with two cuts of its disks made while it ran. */
interface Specimen {
  readonly folder: string;
  readonly fileSystem: FileSystem | 'raw';
  readonly workload: Workload;
  readonly early: Cut;
  readonly late: Cut;
}

async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-proofs-'));
  await runToolChecked(['chmod', '755', folder]);
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function copyImages(images: readonly string[], prefix: string): Promise<readonly string[]> {
  const copies = images.map((_, index) => `${prefix}-${index}.raw`);
  for (const [index, image] of images.entries()) {
    await runToolChecked(['cp', '--sparse=always', image, copies[index] ?? '']);
  }
  return copies;
}

type CreateWorkload = (place: { readonly mountPoint: string; readonly folder: string }) => Promise<Workload>;

async function createSpecimen(
  t: TestContext,
  fileSystem: FileSystem,
  create: CreateWorkload,
): Promise<Specimen> {
  const folder = await createFolder(t);
  const mountPoint = join(folder, 'source');
  const disk = await createLoopDisk(join(folder, 'source.raw'), SIZE_MIB);
  await makeFileSystem(fileSystem, disk.device);
  await mountFileSystem({ kind: fileSystem, device: disk.device, mountPoint });
  const workload = await create({ mountPoint, folder });
  const cut = async (name: string): Promise<Cut> => {
    await systemClock.sleep(BETWEEN_CUTS_MS);
    await runToolChecked(['fsfreeze', '--freeze', mountPoint]);
    try {
      const cutTimeMs = systemClock.nowMs();
      return { cutTimeMs, images: await copyImages([disk.file], join(folder, name)) };
    } finally {
      await runToolChecked(['fsfreeze', '--unfreeze', mountPoint]);
    }
  };
  try {
    await workload.start();
    const early = await cut('early');
    const late = await cut('late');
    return { folder, fileSystem, workload, early, late };
  } finally {
    await workload.stop();
    await unmountFileSystem(mountPoint);
    disk.detach();
  }
}

/** Proves copies: the specimen stays as it is. `change` is done to the mounted copy of the first disk. */
async function prove(
  specimen: Specimen,
  images: readonly string[],
  cut: CutTime,
  change?: (mountPoint: string) => Promise<void>,
): Promise<Proof> {
  const { folder, fileSystem, workload } = specimen;
  const copies = await copyImages(images, join(folder, 'copy'));
  const mountPoint = join(folder, 'proof');
  if (change !== undefined && fileSystem !== 'raw') {
    await changeFiles({ image: copies[0] ?? '', kind: fileSystem, mountPoint }, change);
  }
  return provePoint(workload, { images: copies, fileSystem, mountPoint, cut });
}

async function changeFiles(
  { image, kind, mountPoint }: { image: string; kind: FileSystem; mountPoint: string },
  change: (mountPoint: string) => Promise<void>,
): Promise<void> {
  const disk = await attachLoopDisk(image);
  try {
    await mountFileSystem({ kind, device: disk.device, mountPoint });
    try {
      await change(mountPoint);
    } finally {
      await unmountFileSystem(mountPoint);
    }
  } finally {
    disk.detach();
  }
}

function assertHolds({ checks, violations }: Proof): void {
  assert.deepEqual(violations, []);
  assert.ok(checks > 0, 'something was checked');
}

function assertFound({ violations }: Proof, what: RegExp): void {
  assert.match(violations.join('\n'), what);
}

/** Every second stretch from the early cut, the others from the late one. */
async function mixImages(early: string, late: string, mixed: string, stretchBytes: number): Promise<string> {
  const [old, content] = [await readFile(early), await readFile(late)];
  for (let at = 0; at < content.length; at += 2 * stretchBytes) old.copy(content, at, at, at + stretchBytes);
  await writeFile(mixed, content);
  return mixed;
}

test('a database of SQLite that lost, gained or mixed anything is found', { timeout: 600_000 }, async (t) => {
  const specimen = await createSpecimen(t, 'ext4', async (place) => {
    return new SqliteWorkload({ ...place, journalMode: 'TRUNCATE' });
  });
  const { early, late, folder } = specimen;
  assertHolds(await prove(specimen, early.images, early));
  assertHolds(await prove(specimen, late.images, late));
  assertFound(await prove(specimen, early.images, late), /was acknowledged .* before the cut/);
  assertFound(await prove(specimen, late.images, early), /was begun .* after the cut/);
  const earlyPage = join(folder, 'early-slot-page');
  await changeFiles(
    {
      image: (await copyImages(early.images, join(folder, 'old')))[0] ?? '',
      kind: 'ext4',
      mountPoint: join(folder, 'old'),
    },
    async (mountPoint) => {
      const { offset, bytes } = await slotPage(join(mountPoint, 'ledger.db'));
      const database = await readFile(join(mountPoint, 'ledger.db'));
      await writeFile(earlyPage, database.subarray(offset, offset + bytes));
    },
  );
  const stale = await prove(specimen, late.images, late, async (mountPoint) => {
    const { offset } = await slotPage(join(mountPoint, 'ledger.db'));
    await overwrite(join(mountPoint, 'ledger.db'), offset, await readFile(earlyPage));
  });
  assertFound(stale, /slot \d+ holds|integrity_check/);
});

test('a cluster of PostgreSQL that lost, gained or mixed anything is found', {
  timeout: 900_000,
}, async (t) => {
  const templateFolder = await createFolder(t);
  const template = await createPostgresTemplate({ publicFolder: templateFolder, folder: templateFolder });
  const specimen = await createSpecimen(t, 'xfs', async (place) => {
    return new PostgresWorkload({ ...place, template });
  });
  const { early, late, folder } = specimen;
  assertHolds(await prove(specimen, early.images, early));
  assertHolds(await prove(specimen, late.images, late));
  assertFound(await prove(specimen, early.images, late), /was acknowledged .* before the cut/);
  assertFound(await prove(specimen, late.images, early), /was begun .* after the cut/);
  const shortened = await prove(specimen, late.images, late, async (mountPoint) => {
    const newest = join(mountPoint, 'pg/pg_wal', await newestWal(join(mountPoint, 'pg/pg_wal')));
    await overwrite(newest, 0, Buffer.alloc(MIB));
  });
  assertFound(shortened, /was acknowledged .* before the cut|did not start/);
  const [first = '', second = ''] = [early.images[0], late.images[0]];
  const mixed = await mixImages(first, second, join(folder, 'mixed.raw'), 64 * 1024);
  assertFound(await prove(specimen, [mixed], late), /./);
});

test('stamped disks that lost order, blocks or bytes are found', { timeout: 600_000 }, async (t) => {
  const folder = await createFolder(t);
  const disks = [
    await createLoopDisk(join(folder, 'source-0.raw'), 16),
    await createLoopDisk(join(folder, 'source-1.raw'), 16),
  ];
  t.after(() => {
    for (const disk of disks) disk.detach();
  });
  const workload = new StampedWorkload({ devices: disks.map(({ device }) => device), folder, seed: 1 });
  t.after(() => workload.stop());
  await workload.start();
  const cut = async (name: string): Promise<Cut> => {
    await systemClock.sleep(BETWEEN_CUTS_MS);
    await workload.pause();
    const cutTimeMs = systemClock.nowMs();
    const images = await copyImages(
      disks.map(({ file }) => file),
      join(folder, name),
    );
    workload.resume();
    return { cutTimeMs, images };
  };
  const early = await cut('early');
  const late = await cut('late');
  await workload.stop();
  const specimen: Specimen = { folder, fileSystem: 'raw', workload, early, late };
  assertHolds(await prove(specimen, early.images, early));
  assertHolds(await prove(specimen, late.images, late));
  assertFound(await prove(specimen, early.images, late), /H2/);
  assertFound(await prove(specimen, late.images, early), /H3/);
  const [earlyFirst = '', earlySecond = ''] = early.images;
  const [lateFirst = '', lateSecond = ''] = late.images;
  assertFound(await prove(specimen, [lateFirst, earlySecond], late), /disk 1 .*H1/);
  assertFound(await prove(specimen, [earlyFirst, lateSecond], late), /disk 0 .*H1/);
  await assertEachLostBlockIsFound(specimen);
  const torn = join(folder, 'torn.raw');
  const content = await readFile(lateFirst);
  content.writeUInt8(content.readUInt8(100) ^ 1, 100);
  await writeFile(torn, content);
  assertFound(await prove(specimen, [torn, lateSecond], late), /block 0 .*H4/);
});

/** Single blocks that are as they were at the early cut, chosen among those that were written since. */
async function assertEachLostBlockIsFound(specimen: Specimen): Promise<void> {
  const { early, late, folder } = specimen;
  const [old, content] = [await readFile(early.images[0] ?? ''), await readFile(late.images[0] ?? '')];
  const blockOf = (image: Buffer, block: number) =>
    image.subarray(block * STAMP_BYTES, (block + 1) * STAMP_BYTES);
  const changed = Array.from({ length: content.length / STAMP_BYTES }, (_, block) => block).filter(
    (block) => !blockOf(old, block).equals(blockOf(content, block)),
  );
  assert.ok(changed.length > 10, 'blocks were written between the cuts');
  const random = seededRandom(1);
  for (let count = 0; count < 5; count += 1) {
    const block = changed[random.integer(changed.length)] ?? 0;
    const stale = Buffer.from(content);
    blockOf(old, block).copy(stale, block * STAMP_BYTES);
    const image = join(folder, 'stale.raw');
    await writeFile(image, stale);
    const proof = await prove(specimen, [image, late.images[1] ?? ''], late);
    assertFound(proof, new RegExp(`disk 0 block ${block} .*H[12]`));
    assert.ok(new Set(proof.violations.map((one) => one.split(' (')[0])).size === 1, 'and only that block');
  }
}

for (const kind of FILE_SYSTEMS) {
  test(`damage to the structure of ${kind} is found`, { timeout: 300_000 }, async (t) => {
    const folder = await createFolder(t);
    const mountPoint = join(folder, 'mount');
    const disk = await createLoopDisk(join(folder, 'disk.raw'), SIZE_MIB);
    await makeFileSystem(kind, disk.device);
    await mountFileSystem({ kind, device: disk.device, mountPoint });
    await writeFile(join(mountPoint, 'name-of-a-needle'), 'x'.repeat(100_000));
    await unmountFileSystem(mountPoint);
    disk.detach();
    const workload = nothingToProve;
    const cut = { cutTimeMs: 0 };
    const sound = await provePoint(workload, { images: [disk.file], fileSystem: kind, mountPoint, cut });
    assertHolds(sound);
    const content = await readFile(disk.file);
    for (
      let at = content.indexOf('name-of-a-needle');
      at >= 0;
      at = content.indexOf('name-of-a-needle', at)
    ) {
      content.write('N', at);
    }
    await writeFile(disk.file, content);
    const damaged = await provePoint(workload, { images: [disk.file], fileSystem: kind, mountPoint, cut });
    assertFound(damaged, new RegExp(`${kind === 'ext4' ? 'e2fsck' : kind}`));
  });
}

const nothingToProve: Workload = {
  start: async () => undefined,
  stop: async () => undefined,
  pause: async () => undefined,
  resume: () => undefined,
  assertRunning: () => undefined,
  prove: async () => ({ checks: 0, violations: [] }),
};

/** Where the only page of the table `slot` lies. */
async function slotPage(database: string): Promise<{ readonly offset: number; readonly bytes: number }> {
  const sql = "SELECT rootpage FROM sqlite_master WHERE name = 'slot'; PRAGMA page_size";
  const { stdout } = await runToolChecked(['sqlite3', '-batch', database, sql]);
  const [page = 1, bytes = 0] = stdout.trim().split('\n').map(Number);
  return { offset: (page - 1) * bytes, bytes };
}

async function newestWal(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^[0-9A-F]{24}$/.test(name)).sort();
  const times = await runToolChecked(['stat', '-c', '%Y.%y %n', ...names.map((name) => join(folder, name))]);
  const newest = times.stdout.trim().split('\n').sort().at(-1) ?? '';
  return newest.slice(newest.lastIndexOf('/') + 1);
}

async function overwrite(path: string, offset: number, bytes: Buffer): Promise<void> {
  const parameters = [`of=${path}`, 'bs=1', `seek=${offset}`, 'conv=notrunc', 'status=none'];
  const result = await runTool(['dd', ...parameters], { input: bytes });
  assert.equal(result.exitCode, 0, result.stderr);
}
