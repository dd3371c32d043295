/**
 * Ids in EC2's form for what has other names here. They follow from those names, so they are the same at
 * every call and need no table.
 *
 *   sg-    the TCP port that the group lets in; 0 lets nothing in, 65536 everything
 *   snap-  30 bits of a hash of the source server, 32 of the recovery point's number, 6 of the disk's: the id
 *          says whom to ask. Of 4,000 servers two share their 30 bits once in 130 installations; then the id
 *          names a snapshot of each.
 *   others 68 bits of a hash
 */
import { createHash } from 'node:crypto';

const HEX_DIGITS = 17;
const SERVER_BITS = 30n;
const EPOCH_BITS = 32n;
const DISK_BITS = 6n;

export function volumeId(machineId: string, diskId: string): string {
  return `vol-${hashOf(`volume ${machineId} ${diskId}`)}`;
}

export function networkInterfaceId(machineId: string): string {
  return `eni-${hashOf(`network interface ${machineId}`)}`;
}

export function reservationId(jobId: string): string {
  return `r-${hashOf(`reservation ${jobId}`)}`;
}

export function subnetId(networkName: string): string {
  return `subnet-${hashOf(`subnet ${networkName}`)}`;
}

export function vpcId(accountId: string): string {
  return `vpc-${hashOf(`vpc ${accountId}`)}`;
}

export function groupIdOfPort(port: number): string {
  return `sg-${port.toString(16).padStart(HEX_DIGITS, '0')}`;
}

/** `undefined`: no port is so called. */
export function portOfGroupId(groupId: string): number | undefined {
  const [, digits] = /^sg-(?:0{12})(0[0-9a-f]{4}|10000)$/.exec(groupId) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

export interface SnapshotPlace {
  readonly sourceServerId: string;
  readonly epoch: number;
  /** `disk-3` */
  readonly diskId: string;
}

/** `undefined` for a point or disk whose number is too large to be told. */
export function snapshotId({ sourceServerId, epoch, diskId }: SnapshotPlace): string | undefined {
  const disk = numberOfDisk(diskId);
  const fits = disk !== undefined && disk < 2 ** Number(DISK_BITS) && epoch < 2 ** Number(EPOCH_BITS);
  if (!fits) return undefined;
  const bits = (serverBits(sourceServerId) << EPOCH_BITS) | BigInt(epoch);
  const digits = ((bits << DISK_BITS) | BigInt(disk)).toString(16).padStart(HEX_DIGITS, '0');
  return `snap-${digits}`;
}

export interface SnapshotName {
  readonly epoch: number;
  readonly diskId: string;
  isOf(sourceServerId: string): boolean;
}

/** Of an id in EC2's long form. */
export function parseSnapshotId(id: string): SnapshotName | undefined {
  const [, digits] = /^snap-([0-9a-f]{17})$/.exec(id) ?? [];
  if (digits === undefined) return undefined;
  const bits = BigInt(`0x${digits}`);
  const server = bits >> (EPOCH_BITS + DISK_BITS);
  return {
    epoch: Number((bits >> DISK_BITS) & ((1n << EPOCH_BITS) - 1n)),
    diskId: `disk-${bits & ((1n << DISK_BITS) - 1n)}`,
    isOf: (sourceServerId) => serverBits(sourceServerId) === server,
  };
}

function numberOfDisk(diskId: string): number | undefined {
  const [, digits] = /^disk-(\d{1,4})$/.exec(diskId) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function serverBits(sourceServerId: string): bigint {
  const hash = createHash('sha256').update(`server ${sourceServerId}`).digest();
  return hash.readBigUInt64BE() >> (64n - SERVER_BITS);
}

function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, HEX_DIGITS);
}
