import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { MIB, silentLogger, systemClock } from '@landfall/runtime';
import type { Hello } from '@landfall/wire';
import { retentionBy } from '../journals/file-retention.ts';
import { readStagedServers, writeStagedServers } from './file-staged-servers.ts';
import { StagingArea } from './staging-area.ts';

const ID = 's-1';
const DISKS = [{ diskId: 'd-1', deviceName: '/dev/sda', sizeBytes: MIB, isBootDisk: true }];
const HELLO = { disks: [{ diskId: 'd-1', sizeBytes: MIB }] } as unknown as Hello;

let folder: string;
let area: StagingArea;
let disconnected: string[];

async function openArea(): Promise<StagingArea> {
  return new StagingArea({
    stagingFolder: folder,
    records: await readStagedServers(folder),
    save: (records) => writeStagedServers(folder, records),
    retentionOf: retentionBy({}),
    disconnect: async (sourceServerId) => {
      disconnected.push(sourceServerId);
    },
    logger: silentLogger,
    clock: systemClock,
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-staging-'));
  disconnected = [];
  area = await openArea();
});

afterEach(async () => {
  await area.close();
  await rm(folder, { recursive: true, force: true });
});

function configure(certificateFingerprint: string, nextCertificateFingerprint?: string): Promise<void> {
  const next = nextCertificateFingerprint === undefined ? {} : { nextCertificateFingerprint };
  return area.configure({
    servers: [{ sourceServerId: ID, certificateFingerprint, ...next, disks: DISKS }],
  });
}

async function accepted(fingerprints: readonly string[]): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(
    fingerprints.map((fingerprint) => {
      return area.resolveStore(ID, { programId: ID, role: 'agent', fingerprint }, HELLO);
    }),
  );
  return fingerprints.filter((_fingerprint, index) => outcomes[index]?.status === 'fulfilled');
}

test('S1: while one certificate follows the other both are accepted, and nobody is disconnected', async () => {
  const all = ['aa', 'bb', 'cc'];
  await configure('aa');
  assert.deepEqual(await accepted(all), ['aa']);
  await configure('aa', 'bb');
  assert.deepEqual(await accepted(all), ['aa', 'bb']);
  assert.deepEqual((await area.report())[0]?.acceptedFingerprints, ['aa', 'bb']);
  await area.close();
  area = await openArea();
  await area.openAll();
  assert.deepEqual(await accepted(all), ['aa', 'bb'], 'also after a restart');
  await configure('bb');
  assert.deepEqual(await accepted(all), ['bb']);
  assert.deepEqual(disconnected, []);
});

test('S1: a new enrolment and a revocation end the connection there is', async () => {
  await configure('aa', 'bb');
  await configure('CC');
  assert.deepEqual(disconnected, [ID]);
  assert.deepEqual(await accepted(['aa', 'bb', 'cc']), ['cc']);
  await area.configure({ servers: [] });
  assert.deepEqual(disconnected, [ID, ID]);
  assert.deepEqual(await accepted(['aa', 'bb', 'cc']), []);
});

test('a file of before certificates were renewed is read', async () => {
  const record = { sourceServerId: ID, disks: DISKS, acceptedFingerprint: 'aa' };
  await writeFile(join(folder, 'servers.json'), JSON.stringify([record]));
  const { acceptedFingerprint: _old, ...rest } = record;
  assert.deepEqual(await readStagedServers(folder), [{ ...rest, acceptedFingerprints: ['aa'] }]);
});

test('a limit is in force at once, also after a restart without the control plane, until it is taken away', async () => {
  const server = { sourceServerId: ID, certificateFingerprint: 'aa', disks: DISKS };
  const limits = () => area.openServers().map(({ group }) => group.staging.limitBytes);
  await area.configure({ servers: [server] });
  assert.deepEqual(limits(), [Number.POSITIVE_INFINITY]);
  await area.configure({ servers: [{ ...server, journalLimitBytes: 5 * MIB }] });
  assert.deepEqual(limits(), [5 * MIB]);
  await area.close();
  area = await openArea();
  await area.openAll();
  assert.deepEqual(limits(), [5 * MIB]);
  await area.configure({ servers: [] });
  assert.deepEqual(limits(), [5 * MIB], 'of a server that replicates no longer it stays');
  await area.configure({ servers: [server] });
  assert.deepEqual(limits(), [Number.POSITIVE_INFINITY]);
});

test('warnings of space are in the report of their server', async () => {
  await configure('aa');
  const [report] = await area.report((sourceServerId) => `${sourceServerId} is nearly full`);
  assert.equal(report?.spaceWarning, `${ID} is nearly full`);
  assert.equal((await area.report())[0]?.spaceWarning, undefined);
});

test('tiers are in force at once, also after a restart without the control plane, and are told', async () => {
  const server = { sourceServerId: ID, certificateFingerprint: 'aa', disks: DISKS };
  const tiers = (hours: number) => [{ everyMs: 0, forMs: hours * 3_600_000 }];
  const inForce = async () => {
    const [report] = await area.report();
    const [open] = area.openServers();
    assert.deepEqual(open?.group.retention.tiers, report?.retention?.tiers);
    return report?.retention;
  };
  await area.configure({ servers: [server] });
  assert.equal((await inForce())?.origin, 'BUILT_IN');
  await area.configure({ servers: [{ ...server, retention: { default: tiers(7) } }] });
  assert.deepEqual(await inForce(), { origin: 'DEFAULT', tiers: tiers(7) });
  await area.configure({ servers: [{ ...server, retention: { own: tiers(5), default: tiers(7) } }] });
  assert.deepEqual(await inForce(), { origin: 'SERVER', tiers: tiers(5) });
  await area.close();
  area = await openArea();
  await area.openAll();
  assert.deepEqual(await inForce(), { origin: 'SERVER', tiers: tiers(5) });
  await area.configure({ servers: [] });
  assert.deepEqual(await inForce(), { origin: 'SERVER', tiers: tiers(5) }, 'of a server that left they stay');
  await area.configure({ servers: [server] });
  assert.equal((await inForce())?.origin, 'BUILT_IN');
});
