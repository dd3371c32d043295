/**
 * DescribeSnapshots: recovery points, a snapshot for each disk. A server may have hundreds of thousands, so
 * not all are listed at once:
 *
 *   with ids                    those, as long as their replication server has them
 *   with one server's tag       its newest thousand
 *   else                        the newest of each server, and those that machines were launched from
 */
import { type Ec2Handlers, type Ec2Input, isoDateTime, type XmlMembers } from '@landfall/api';
import type { SourceDisk } from '@landfall/model';
import { GIB } from '@landfall/runtime';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { askProgram, failedWith } from '../operations/ask-program.ts';
import type { Service } from '../service.ts';
import { listMachines } from '../store/machines.ts';
import { eachServers } from '../store/source-servers.ts';
import { exactValues, type FilterTable } from './filters.ts';
import { serverTags } from './find-template.ts';
import { listPage, selectById, tagSet } from './listings.ts';
import { parseSnapshotId, type SnapshotName, snapshotId } from './stable-ids.ts';
import { answered } from './unavailable.ts';

type Operations = Pick<Ec2Handlers<Service>, 'DescribeSnapshots'>;

interface Point {
  readonly epoch: number;
  readonly cutTimeMs: number;
  /** When it was pinned. */
  readonly name?: string;
}

interface Snapshot {
  readonly id: string;
  readonly server: SourceServerRecord;
  readonly point: Point;
  readonly disk: SourceDisk;
}

const POINTS_MAX = 1000;
const SERVERS_ASKED_MAX = 20;
const SERVER_TAG = 'tag:AWSApplicationMigrationServiceSourceServerID';
/** What EC2 says of a snapshot whose volume it does not know. */
const NO_VOLUME = 'vol-ffffffff';
const DATE_MS_MAX = 8.64e15;

export const snapshotOperations: Operations = {
  DescribeSnapshots: async (input, service) => {
    const { Owner, RestorableBy, SnapshotId: ids } = input;
    const snapshots = await findSnapshots(service, input);
    const wanted = selectById(snapshots, ids, {
      idOf,
      notFound: 'InvalidSnapshot.NotFound',
      kind: 'snapshot',
    });
    const isOurs = isAmong(service, Owner) && isAmong(service, RestorableBy);
    const { items, nextToken } = listPage(isOurs ? wanted : [], input, {
      ...{ name: `DescribeSnapshots ${JSON.stringify(ids ?? [])}`, idOf, tagsOf, sortKeyOf: newestFirst },
      table: filtersOf(service),
    });
    return { snapshotSet: items.map((snapshot) => showSnapshot(service, snapshot)), nextToken };
  },
};

/** There is one account, and all here is its own. */
function isAmong({ facts }: Service, accounts: readonly string[] | undefined): boolean {
  const ours = ['self', facts.accountId];
  return accounts === undefined || accounts.some((account) => ours.includes(account));
}

async function findSnapshots(
  service: Service,
  { SnapshotId: ids = [], Filter }: Ec2Input<'DescribeSnapshots'>,
): Promise<readonly Snapshot[]> {
  const servers = (await Array.fromAsync(eachServers(service.store.db))).flat();
  if (ids.length > 0) return named(service, servers, ids);
  const narrowed = exactValues(Filter, SERVER_TAG);
  if (narrowed === undefined || narrowed.length > SERVERS_ASKED_MAX) return latest(service, servers);
  const asked = servers.filter(({ sourceServerId }) => narrowed.includes(sourceServerId));
  const found = asked.map(async (server) => snapshotsOf(server, await listPoints(service, server)));
  return (await Promise.all(found)).flat();
}

async function named(
  service: Service,
  servers: readonly SourceServerRecord[],
  ids: readonly string[],
): Promise<readonly Snapshot[]> {
  const names = ids.map(parseSnapshotId).filter((name) => name !== undefined);
  const found = servers.map(async (server) => {
    const epochs = new Set(names.filter((name) => isOf(name, server)).map(({ epoch }) => epoch));
    const points = await Promise.all([...epochs].map((epoch) => findPoint(service, server, epoch)));
    return snapshotsOf(
      server,
      points.filter((point) => point !== undefined),
    );
  });
  const wanted = new Set(ids);
  return (await Promise.all(found)).flat().filter(({ id }) => wanted.has(id));
}

function isOf(name: SnapshotName, { sourceServerId }: SourceServerRecord): boolean {
  return name.isOf(sourceServerId);
}

/** Of what is known here: no program is asked. */
async function latest(
  { reports, store }: Service,
  servers: readonly SourceServerRecord[],
): Promise<readonly Snapshot[]> {
  const machines = Map.groupBy(await listMachines(store.db), ({ sourceServerId }) => sourceServerId);
  return servers.flatMap((server) => {
    const { sourceServerId, replicationServerId } = server;
    const report = reports.last('replication-server', replicationServerId)?.report;
    const replica = report?.servers.find((one) => one.sourceServerId === sourceServerId);
    const held = (machines.get(sourceServerId) ?? []).filter(({ exportOpen }) => exportOpen);
    const newest =
      replica === undefined || replica.lastCutTimeMs === null
        ? []
        : [{ epoch: replica.lastEpoch, cutTimeMs: replica.lastCutTimeMs }];
    return snapshotsOf(server, [...newest, ...held.map(({ recoveryPoint }) => recoveryPoint)]);
  });
}

async function listPoints(service: Service, server: SourceServerRecord): Promise<readonly Point[]> {
  const { sourceServerId, replicationServerId } = server;
  if (replicationServerId === null) return [];
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const asked = { sourceServerId, limit: POINTS_MAX };
  return (await answered(askProgram(service, to, 'listRecoveryPoints', asked))).recoveryPoints;
}

const GONE = ['NO_RECOVERY_POINT', 'RECOVERY_POINT_MISSING', 'SERVER_NOT_STAGED'];

/** `undefined`: the replication server does not have it, or not any more. */
async function findPoint(
  service: Service,
  { sourceServerId, replicationServerId }: SourceServerRecord,
  epoch: number,
): Promise<Point | undefined> {
  if (replicationServerId === null) return undefined;
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const at = { kind: 'EPOCH', epoch } as const;
  try {
    return await answered(askProgram(service, to, 'resolveRecoveryPoint', { sourceServerId, at }));
  } catch (error) {
    if (failedWith(error, GONE)) return undefined;
    throw error;
  }
}

/** Each once. */
function snapshotsOf(server: SourceServerRecord, points: readonly Point[]): readonly Snapshot[] {
  const byId = new Map<string, Snapshot>();
  for (const point of points) {
    for (const disk of server.disks) {
      const { sourceServerId } = server;
      const id = snapshotId({ sourceServerId, epoch: point.epoch, diskId: disk.diskId });
      if (id !== undefined && !byId.has(id)) byId.set(id, { id, server, point, disk });
    }
  }
  return [...byId.values()];
}

function idOf({ id }: Snapshot): string {
  return id;
}

function newestFirst({ id, point }: Snapshot): string {
  return `${String(DATE_MS_MAX - point.cutTimeMs).padStart(17, '0')} ${id}`;
}

function descriptionOf({ server, point, disk }: Snapshot): string {
  return `${disk.deviceName} of ${server.sourceServerId} at recovery point ${point.epoch}`;
}

function tagsOf({ server, point }: Snapshot): Readonly<Record<string, string>> {
  return {
    ...(point.name === undefined ? {} : { Name: point.name }),
    ...serverTags(server.sourceServerId),
    'landfall:epoch': String(point.epoch),
  };
}

function filtersOf({ facts }: Service): FilterTable<Snapshot> {
  return {
    description: descriptionOf,
    encrypted: () => false,
    'owner-id': () => facts.accountId,
    progress: () => '100%',
    'snapshot-id': idOf,
    'start-time': ({ point }) => isoDateTime(point.cutTimeMs),
    status: () => 'completed',
    'storage-tier': () => 'standard',
    'volume-id': () => NO_VOLUME,
    'volume-size': ({ disk }) => Math.ceil(disk.sizeBytes / GIB),
  };
}

function showSnapshot({ facts }: Service, snapshot: Snapshot): XmlMembers {
  const { id, point, disk } = snapshot;
  return {
    snapshotId: id,
    volumeId: NO_VOLUME,
    status: 'completed',
    startTime: isoDateTime(point.cutTimeMs),
    progress: '100%',
    ownerId: facts.accountId,
    volumeSize: Math.ceil(disk.sizeBytes / GIB),
    description: descriptionOf(snapshot),
    tagSet: tagSet(tagsOf(snapshot)),
    encrypted: false,
    storageTier: 'standard',
  };
}
