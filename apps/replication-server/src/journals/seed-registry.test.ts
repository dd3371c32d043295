import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SeedDevice } from '@landfall/journal';
import { MIB, seededRandom, silentLogger } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import type { Hello } from '@landfall/wire';
import { StagingArea } from '../staging/staging-area.ts';
import { retentionBy } from './file-retention.ts';
import { SeedRegistry } from './seed-registry.ts';

const ID = 's-1';
const DISKS = [
  { diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: 3 * MIB, isBootDisk: true },
  { diskId: 'disk-1', deviceName: '/dev/sdb', sizeBytes: 2 * MIB, isBootDisk: false },
];
const HELLO = {
  disks: DISKS.map(({ diskId, sizeBytes }) => ({ diskId, sizeBytes })),
} as unknown as Hello;
const PEER = { programId: ID, role: 'agent', fingerprint: 'aa' } as const;
const REQUEST = { seedId: 'one', sourceServerId: ID, leaseMs: 1000 };
const CUT = { cutTimeMs: 1_700_000_000_000, cutMonotonicNs: 1n, consistency: 'CRASH_CONSISTENT' } as const;

async function create(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-seeds-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clock = new VirtualClock();
  const disconnected: string[] = [];
  const staging = new StagingArea({
    stagingFolder: folder,
    records: [],
    save: async () => undefined,
    retentionOf: retentionBy({}),
    disconnect: async (id) => void disconnected.push(id),
    logger: silentLogger,
    clock,
  });
  await staging.configure({ servers: [{ sourceServerId: ID, certificateFingerprint: 'aa', disks: DISKS }] });
  const seeds = new SeedRegistry({ staging, socketPath: '/run/nbd.sock', clock });
  const connect = () => staging.resolveStore(ID, PEER, HELLO);
  const device = async (diskId: string) => {
    const opened = await seeds.nbdExports.open(`${ID}/${diskId}@seed`);
    assert.ok(opened instanceof SeedDevice);
    return opened;
  };
  return { staging, seeds, clock, disconnected, connect, device };
}

test('a seed turns the agent away, and what was written is there for its first sync', async (t) => {
  const { staging, seeds, disconnected, connect, device } = await create(t);
  await connect();
  const disks = await seeds.open(REQUEST);
  assert.deepEqual(
    disks.map(({ nbdUri, deviceName }) => [deviceName, nbdUri]),
    [
      ['/dev/sda', `nbd+unix:///${ID}/disk-0%40seed?socket=/run/nbd.sock`],
      ['/dev/sdb', `nbd+unix:///${ID}/disk-1%40seed?socket=/run/nbd.sock`],
    ],
  );
  assert.deepEqual(await seeds.nbdExports.list(), [`${ID}/disk-0@seed`, `${ID}/disk-1@seed`]);
  assert.deepEqual(disconnected, [ID]);
  await assert.rejects(connect(), { code: 'SEED_OPEN', retryable: true });

  const content = Buffer.alloc(3 * MIB);
  seededRandom(5)
    .bytes(MIB)
    .copy(content, MIB / 2);
  const written = Buffer.from(content);
  const disk = await device('disk-0');
  await disk.write(0, written);
  written.fill(7); // A caller has its buffer back when the write has resolved.
  await disk.writeZeroes(2 * MIB, MIB);
  await assert.rejects(disk.read(), { code: 'SEED_UNREADABLE' });
  await seeds.close(REQUEST);

  assert.equal(await seeds.nbdExports.open(`${ID}/disk-0@seed`), undefined);
  const store = await connect();
  assert.deepEqual([store.lastEpoch, store.isEmpty(0), store.isEmpty(1)], [0, false, true]);
  const chunks = [0, 1, 2].map((chunk) => content.subarray(chunk * MIB, (chunk + 1) * MIB));
  const hashes = Buffer.concat(chunks.map((chunk) => createHash('sha256').update(chunk).digest()));
  assert.ok((await store.chunkHashes(0, 0, 3)).equals(hashes));
  await staging.close();
});

test('one seed at a time, which is renewed, or ends by itself and keeps what it has', async (t) => {
  const { staging, seeds, clock, connect, device } = await create(t);
  const pass = (durationMs: number) => clock.settle(clock.sleep(durationMs), durationMs + 1);
  await assert.rejects(seeds.open({ ...REQUEST, renews: true }), { code: 'SEED_ENDED' });
  await seeds.open(REQUEST);
  await assert.rejects(seeds.open({ ...REQUEST, seedId: 'two' }), { code: 'SEED_OPEN' });
  await (await device('disk-1')).write(0, Buffer.alloc(512, 1));
  await pass(900);
  await seeds.open({ ...REQUEST, renews: true });
  await pass(900);
  await seeds.closeExpired();
  assert.equal((await seeds.nbdExports.list()).length, 2, 'renewing keeps it, and what was written');
  await pass(200);
  await seeds.closeExpired();
  await assert.rejects(seeds.close(REQUEST), { code: 'SEED_ENDED' });
  await assert.rejects(seeds.open({ ...REQUEST, renews: true }), { code: 'SEED_ENDED' });
  assert.equal((await connect()).isEmpty(1), false);
  await staging.close();
});

test('after the first recovery point there is nothing to seed', async (t) => {
  const { staging, seeds, disconnected, connect } = await create(t);
  const store = await connect();
  await store.commit({ epoch: 1, ...CUT, extentCount: 0 });
  await assert.rejects(seeds.open(REQUEST), { code: 'SEED_TOO_LATE' });
  assert.deepEqual([disconnected, (await connect()).lastEpoch], [[], 1]);
  await staging.close();
});

test('a server is discarded also while it is filled, and a late write changes nothing', async (t) => {
  const { staging, seeds, device } = await create(t);
  await seeds.open(REQUEST);
  const disk = await device('disk-0');
  await seeds.abandon(ID);
  assert.ok((await staging.discard(ID)) >= 0);
  await assert.rejects(disk.write(0, Buffer.alloc(512, 1)));
  assert.deepEqual(await seeds.nbdExports.list(), []);
  await staging.close();
});

test('what a write failed with is told when the seed is closed', async (t) => {
  const { staging, seeds, device } = await create(t);
  await seeds.open(REQUEST);
  const disk = await device('disk-0');
  const { group } = staging.server(ID);
  // As a sender that broke its promises: from here on everything is refused.
  await assert.rejects(group.commit({ epoch: 9, ...CUT, extentCount: 0 }), { code: 'EPOCH_REFUSED' });
  await assert.rejects(disk.write(0, Buffer.alloc(512, 1)), { code: 'EPOCH_REFUSED' });
  await assert.rejects(disk.flush(), { code: 'EPOCH_REFUSED' });
  await assert.rejects(seeds.close(REQUEST), { code: 'EPOCH_REFUSED' });
  await assert.rejects(seeds.close(REQUEST), { code: 'SEED_ENDED' });
  await staging.close();
});
