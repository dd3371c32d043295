/** Machines made from source servers. */

import type { Landfall } from '@landfall/api';
import type { MachineDisk, MachineStatus } from '@landfall/channel';
import type { RecoveryPoint } from '@landfall/model';
import { decodeDocument, encodeDocument } from './document.ts';
import type { MachineTable, Queries } from './schema.ts';

export interface MachineRecord {
  readonly machineId: string;
  readonly sourceServerId: string;
  readonly jobId: string;
  readonly launchHostId: string;
  readonly replicationServerId: string;
  /** The launch host may still hold something of it. */
  readonly onHost: boolean;
  /** Its export may still be open. */
  readonly exportOpen: boolean;
  readonly createdAtMs: number;
  readonly purpose: 'TEST' | 'CUTOVER';
  /** `consistency` is absent from machines of older releases. */
  readonly recoveryPoint: Pick<RecoveryPoint, 'epoch' | 'cutTimeMs'> & Partial<RecoveryPoint>;
  /** The last status a job saw; the launch host's reports may be newer. */
  readonly status: MachineStatus | null;
  readonly instanceType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Absent until its conversion begins, and from machines of older releases. */
  readonly made?: MachineMake;
  /** Absent until its conversion begins, and from machines of older releases: not wanted, without a limit. */
  readonly hydration?: HydrationWish;
  /** When it was taken off its launch host. */
  readonly endedAtMs?: number;
}

/** How its own disks are to be filled in. */
export interface HydrationWish {
  /** Of the launch template that it was made by. */
  readonly start: Landfall.HydrationStart;
  /** Now, whatever becomes of its server. */
  readonly isWanted: boolean;
  /** For all disks together; null: as fast as it goes. */
  readonly bytesPerSecondMax: number | null;
  /** Until then its guest has disks and network to itself; absent: nobody waits. */
  readonly notBeforeMs?: number;
}

/** What a machine was made of. */
export interface MachineMake {
  readonly name: string;
  readonly launchTemplate: { readonly launchTemplateId: string; readonly versionNumber: number };
  /** Absent: the default of its launch host. */
  readonly networkName?: string;
  readonly inboundPorts: readonly number[];
  /** Absent: LISTED_PORTS. */
  readonly inboundTraffic?: Landfall.InboundTraffic;
  /** Absent: DHCP. */
  readonly addresses?: Landfall.LaunchTemplateData['addresses'];
  readonly disks: readonly MadeDisk[];
}

export interface MadeDisk extends Pick<MachineDisk, 'diskId' | 'sizeBytes' | 'isBootDisk'> {
  readonly settings: Landfall.LaunchTemplateDisk;
}

type Shown = Pick<MachineRecord, 'instanceType' | 'tags' | 'made' | 'hydration' | 'endedAtMs'>;
type Document = Pick<MachineRecord, 'purpose' | 'recoveryPoint' | 'status'> & Shown;
type Change = Pick<MachineRecord, 'onHost' | 'exportOpen' | 'status'> & Shown;

/** Does nothing when the machine is already known. */
export async function insertMachine(tx: Queries, machine: MachineRecord): Promise<void> {
  await tx
    .insertInto('machine')
    .values({
      machine_id: machine.machineId,
      source_server_id: machine.sourceServerId,
      job_id: machine.jobId,
      launch_host_id: machine.launchHostId,
      replication_server_id: machine.replicationServerId,
      created_at_ms: machine.createdAtMs,
      ...columnsOf(machine),
    })
    .onConflict((conflict) => conflict.column('machine_id').doNothing())
    .execute();
}

export async function findMachine(db: Queries, machineId: string): Promise<MachineRecord | undefined> {
  const row = await db
    .selectFrom('machine')
    .selectAll()
    .where('machine_id', '=', machineId)
    .executeTakeFirst();
  return row === undefined ? undefined : toMachine(row);
}

export async function listMachinesOf(db: Queries, sourceServerId: string): Promise<readonly MachineRecord[]> {
  const rows = await db
    .selectFrom('machine')
    .selectAll()
    .where('source_server_id', '=', sourceServerId)
    .orderBy('created_at_ms')
    .orderBy('machine_id')
    .execute();
  return rows.map(toMachine);
}

/** Of these servers; of all when none is named. Oldest first. */
export async function listMachines(
  db: Queries,
  sourceServerIds: readonly string[] = [],
): Promise<readonly MachineRecord[]> {
  let found = db.selectFrom('machine').selectAll();
  if (sourceServerIds.length > 0) found = found.where('source_server_id', 'in', [...sourceServerIds]);
  const rows = await found.orderBy('created_at_ms').orderBy('machine_id').execute();
  return rows.map(toMachine);
}

/** Those that are on a launch host and may still need what they were launched from. */
export async function listMachinesWithViews(db: Queries): Promise<readonly MachineRecord[]> {
  const rows = await db
    .selectFrom('machine')
    .selectAll()
    .where('on_host', '=', 1)
    .where('export_open', '=', 1)
    .orderBy('created_at_ms')
    .orderBy('machine_id')
    .execute();
  return rows.map(toMachine);
}

export async function changeMachine(tx: Queries, machineId: string, change: Partial<Change>): Promise<void> {
  const machine = await findMachine(tx, machineId);
  if (machine === undefined) return;
  const columns = columnsOf({ ...machine, ...change });
  await tx.updateTable('machine').set(columns).where('machine_id', '=', machineId).execute();
}

function columnsOf(machine: MachineRecord) {
  const { purpose, recoveryPoint, status, instanceType, tags, made, hydration, endedAtMs } = machine;
  const shown = {
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(tags === undefined ? {} : { tags }),
    ...(made === undefined ? {} : { made }),
    ...(hydration === undefined ? {} : { hydration }),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
  };
  return {
    on_host: machine.onHost ? 1 : 0,
    export_open: machine.exportOpen ? 1 : 0,
    document: encodeDocument({ purpose, recoveryPoint, status, ...shown } satisfies Document),
  };
}

function toMachine(row: MachineTable): MachineRecord {
  return {
    machineId: row.machine_id,
    sourceServerId: row.source_server_id,
    jobId: row.job_id,
    launchHostId: row.launch_host_id,
    replicationServerId: row.replication_server_id,
    onHost: row.on_host === 1,
    exportOpen: row.export_open === 1,
    createdAtMs: row.created_at_ms,
    ...decodeDocument<Document>(row.document),
  };
}
