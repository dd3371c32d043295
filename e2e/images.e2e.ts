/**
 * Disks carried to staging as images, and recovery points carried away as images, with the commands a user
 * has: only the difference goes over the network, and what is exported is the source.
 */
import assert from 'node:assert/strict';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { waitFor } from '../apps/cli/src/demo/http-ledger.ts';
import type { Landfall } from '../packages/api/src/index.ts';
import {
  MIB,
  type RunResult,
  run,
  runChecked,
  seededRandom,
  systemRandom,
} from '../packages/runtime/src/index.ts';
import { assertInstalled, LoopSource } from './loop-source.ts';
import { Site } from './site.ts';

const READY_MS = 2 * 60_000;
const SIZES_MIB = [96, 48] as const;
/** Chunks of 1 MiB that changed on each disk since its image was made. */
const CHANGED_CHUNKS = [3, 1] as const;
const FORMATS = ['qcow2', 'vhdx'] as const;

interface ExportedPoint {
  readonly epoch: number;
  readonly images: readonly { readonly deviceName: string; readonly path: string }[];
}

let site: Site;
let source: LoopSource;
let serverId = '';
let images: readonly string[] = [];

before(async () => {
  site = await Site.create();
  source = new LoopSource(site.folder);
  images = await makeDisksAndImages();
  const { token } = await site.landfallJson<Landfall.CreateEnrolmentTokenResponse>('token', 'create');
  assertInstalled(await source.install(token));
  const [server] = await site.landfallJson<{ sourceServerID: string }[]>('server', 'list');
  serverId = server?.sourceServerID ?? '';
});

after(async () => {
  try {
    await source?.close();
  } finally {
    await site?.close();
  }
});

/** Half of each disk has random bytes; a little of them was written after its image was made. */
async function makeDisksAndImages(): Promise<readonly string[]> {
  const seed = systemRandom.integer(2 ** 31);
  process.stderr.write(`seed ${seed}\n`);
  const random = seededRandom(seed);
  const made: string[] = [];
  for (const [index, sizeMib] of SIZES_MIB.entries()) {
    const raw = join(site.folder, `source-${index}.raw`);
    const file = await open(raw, 'w+');
    await file.truncate(sizeMib * MIB);
    await file.write(random.bytes((sizeMib / 2) * MIB), 0, undefined, 0);
    const format = FORMATS[index] ?? 'raw';
    const image = join(site.folder, `carried-${index}.${format}`);
    await runChecked(['qemu-img', 'convert', '-f', 'raw', '-O', format, raw, image]);
    for (let change = 0; change < (CHANGED_CHUNKS[index] ?? 0); change += 1)
      await file.write(random.bytes(4096), 0, 4096, (5 + 7 * change) * MIB);
    await file.sync();
    await file.close();
    await source.attach(raw);
    made.push(image);
  }
  return made;
}

async function replication(): Promise<Landfall.DescribeReplicationResponse> {
  const shown = await site.landfallJson<{ replication: Landfall.DescribeReplicationResponse }>(
    ...(['server', 'show', serverId] as const),
  );
  return shown.replication;
}

function assertRefused(result: RunResult, code: string): void {
  const said = `${result.stdout}${result.stderr}`;
  assert.notEqual(result.exitCode, 0, `it was not refused: ${said}`);
  assert.ok(said.includes(code), `it does not say ${code}: ${said}`);
}

async function assertSource(exported: ExportedPoint, format: string): Promise<void> {
  for (const { deviceName, path } of exported.images) {
    const compare = ['qemu-img', 'compare', '-T', 'none', '-f', 'raw', '-F', format, deviceName, path];
    const compared = await run(compare, { timeoutMs: 120_000 });
    assert.equal(compared.exitCode, 0, `${path}: ${compared.stdout}${compared.stderr}`);
  }
}

test('of disks whose images were carried to staging only the difference is sent', async () => {
  const [first = '', second = ''] = source.devices;
  const importing = (...disks: readonly string[]) =>
    site.landfall('journal', 'import', serverId, ...disks.flatMap((disk) => ['--disk', disk]));
  const imported = await waitFor(
    async () => {
      const result = await importing(`${first}=${images[0]}`, `${second}=${images[1]}`);
      // The replication server hears of a new server within seconds.
      return result.stderr.includes('SERVER_NOT_STAGED') || result.stderr.includes('no replication server')
        ? undefined
        : result;
    },
    { what: 'a staged server', timeoutMs: READY_MS },
  );
  assert.equal(imported.exitCode, 0, imported.stderr);
  assertRefused(await importing(`/dev/none=${images[0]}`), 'DISK_UNKNOWN');
  assertRefused(await importing(`${second}=${images[0]}`), 'IMAGE_TOO_LARGE');

  await source.startAgent();
  const done = await waitFor(
    async () => {
      const found = await replication();
      return found.recoveryPoints > 0 && found.state === 'CONTINUOUS' ? found : undefined;
    },
    { what: 'the first recovery point', timeoutMs: READY_MS },
  );
  const differenceBytes = CHANGED_CHUNKS.reduce((sum, chunks) => sum + chunks, 0) * MIB;
  const wholeBytes = SIZES_MIB.reduce((sum, sizeMib) => sum + sizeMib, 0) * MIB;
  const sent = done.bytesSent ?? Number.NaN;
  process.stderr.write(`sent ${sent} of ${wholeBytes} bytes, for a difference of ${differenceBytes}\n`);
  assert.ok(sent >= differenceBytes / 256 && sent < differenceBytes + MIB, `${sent}`);
  assertRefused(await importing(`${first}=${images[0]}`), 'SEED_TOO_LATE');
});

test('a recovery point is exported while it is kept, and nothing is overwritten', async () => {
  const folder = site.folder;
  const how = ['--to', folder, '--format'];
  const exported = await site.landfallJson<ExportedPoint>('journal', 'export', serverId, ...how, 'qcow2');
  assert.deepEqual(
    exported.images.map(({ deviceName }) => deviceName),
    source.devices,
  );
  await assertSource(exported, 'qcow2');
  const point = ['--point', String(exported.epoch)];
  const again = await site.landfall('journal', 'export', serverId, ...point, ...how, 'qcow2');
  assertRefused(again, 'EXPORT_TARGET_EXISTS');
  const none = await site.landfall('journal', 'export', serverId, '--point', '999999', ...how, 'raw');
  assertRefused(none, 'RECOVERY_POINT_MISSING');
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith('.partial')),
    [],
  );
});

test('the same straight from the journal, when the replication server is not running', async () => {
  const how = ['--folder', join(site.stateDir, 'staging', serverId), '--to', site.folder, '--format', 'vmdk'];
  assertRefused(await site.landfall('journal', 'export', ...how), 'JOURNAL_IN_USE');
  await source.stopAgent();
  await site.services.stop();
  const exported = await site.landfallJson<ExportedPoint>('journal', 'export', ...how);
  await assertSource({ ...exported, images: exported.images.map(withDevice) }, 'vmdk');
});

/** A journal knows its disks by their ids. */
function withDevice<Image extends { readonly deviceName: string }>(image: Image): Image {
  const index = Number(image.deviceName.slice('disk-'.length));
  return { ...image, deviceName: source.devices[index] ?? '' };
}
