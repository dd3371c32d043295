/**
 * Which recovery points are exported over NBD. An export is asked for by its id, is written down before it is
 * answered, and comes back after a restart. Its disks are named `<sourceServerId>/<diskId>@<epoch>`; several
 * exports of one recovery point share those names, so a disk stays exported until the last of them is closed.
 *
 * X1 every export named in the file has been answered or is about to be; none is open that the file does not
 * name.
 * X2 a server with an open export is not discarded.
 * X3 a recovery point with an open export is not dropped, whoever reads it or not.
 * X4 an export with a lease does not outlive whoever opened it by more than the lease, and what the programs
 * between need to notice. A restart begins all leases anew.
 */
import type { ReadableBlockDevice } from '@landfall/block';
import type { MachineDisk } from '@landfall/channel';
import type { SourceDisk } from '@landfall/model';
import { type NbdExports, nbdUri } from '@landfall/nbd';
import { type Clock, OperationError } from '@landfall/runtime';
import type { ExportRecord } from './file-exports.ts';
import { Leases } from './leases.ts';

export interface ExportRegistryOptions {
  readonly records: readonly ExportRecord[];
  readonly socketPath: string;
  readonly clock: Clock;
  save(records: readonly ExportRecord[]): Promise<void>;
  /** Errors: SERVER_NOT_STAGED, RECOVERY_POINT_MISSING. */
  disksAt(sourceServerId: string, epoch: number): Promise<readonly SourceDisk[]>;
  openView(disk: ExportedDisk): Promise<ReadableBlockDevice | undefined>;
}

export interface ExportedDisk {
  readonly sourceServerId: string;
  readonly diskId: string;
  readonly epoch: number;
}

export class ExportRegistry {
  readonly #options: ExportRegistryOptions;
  readonly #records: Map<string, ExportRecord>;
  readonly #leases: Leases;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ExportRegistryOptions) {
    this.#options = options;
    this.#records = new Map(options.records.map((record) => [record.exportId, record]));
    this.#leases = new Leases(options.clock);
    for (const { exportId, leaseMs } of options.records) this.#leases.renew(exportId, leaseMs);
  }

  /** Errors: EXPORT_ID_TAKEN, SERVER_NOT_STAGED, RECOVERY_POINT_MISSING. */
  open(record: ExportRecord): Promise<readonly MachineDisk[]> {
    return this.#inTurn(async () => {
      const { exportId, sourceServerId, epoch } = record;
      const known = this.#records.get(exportId);
      if (known !== undefined && !isSame(known, record)) throw taken(known);
      const disks = await this.#options.disksAt(sourceServerId, epoch);
      if (known === undefined) await this.#record(record);
      this.#leases.renew(exportId, record.leaseMs);
      return disks.map((disk) => this.#machineDisk(disk, record));
    });
  }

  /** From when it is written down the point is held (X3); retention may have dropped it just before. */
  async #record(record: ExportRecord): Promise<void> {
    const others = [...this.#records.values()];
    await this.#replace([...others, record]);
    try {
      await this.#options.disksAt(record.sourceServerId, record.epoch);
    } catch (error) {
      await this.#replace(others);
      throw error;
    }
  }

  close(exportId: string): Promise<void> {
    return this.#inTurn(() => this.#closeAll([exportId]));
  }

  /** Of those with a lease: whoever opened them has not asked for them again in time. */
  closeExpired(): Promise<void> {
    return this.#inTurn(() => this.#closeAll(this.#leases.expired()));
  }

  async #closeAll(exportIds: readonly string[]): Promise<void> {
    const rest = [...this.#records.values()].filter(({ exportId }) => !exportIds.includes(exportId));
    if (rest.length < this.#records.size) await this.#replace(rest);
    for (const exportId of exportIds) this.#leases.end(exportId);
  }

  exportsOf(sourceServerId: string): readonly ExportRecord[] {
    return [...this.#records.values()].filter((record) => record.sourceServerId === sourceServerId);
  }

  /** Runs `action` while no export can be opened or closed. */
  exclusively<Result>(action: () => Promise<Result>): Promise<Result> {
    return this.#inTurn(action);
  }

  /** What the NBD server asks. A client gets a view of its own, which it closes. */
  get nbdExports(): NbdExports {
    return {
      list: () => this.#list(),
      open: async (name) => {
        const disk = parseExportName(name);
        if (disk === undefined || !this.#isExported(disk)) return undefined;
        return this.#options.openView(disk);
      },
    };
  }

  #isExported({ sourceServerId, epoch }: ExportedDisk): boolean {
    return this.exportsOf(sourceServerId).some((record) => record.epoch === epoch);
  }

  async #list(): Promise<string[]> {
    const names = new Set<string>();
    for (const { sourceServerId, epoch } of this.#records.values()) {
      const disks = await this.#options.disksAt(sourceServerId, epoch);
      for (const { diskId } of disks) names.add(exportName({ sourceServerId, diskId, epoch }));
    }
    return [...names];
  }

  #machineDisk(disk: SourceDisk, { sourceServerId, epoch }: ExportRecord): MachineDisk {
    const { diskId, deviceName, sizeBytes, isBootDisk } = disk;
    const name = exportName({ sourceServerId, diskId, epoch });
    const uri = nbdUri({ socketPath: this.#options.socketPath, exportName: name });
    return { diskId, deviceName, sizeBytes, isBootDisk, nbdUri: uri };
  }

  async #replace(records: readonly ExportRecord[]): Promise<void> {
    await this.#options.save(records);
    this.#records.clear();
    for (const record of records) this.#records.set(record.exportId, record);
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(action);
    this.#turn = mine.then(
      () => undefined,
      () => undefined, // The caller of `mine` has the error; the next one only needs its turn.
    );
    return mine;
  }
}

export function exportName({ sourceServerId, diskId, epoch }: ExportedDisk): string {
  return `${sourceServerId}/${diskId}@${epoch}`;
}

export function parseExportName(name: string): ExportedDisk | undefined {
  const [, sourceServerId, diskId, epoch] = /^([^/@]+)\/([^/@]+)@(\d{1,15})$/.exec(name) ?? [];
  if (sourceServerId === undefined || diskId === undefined) return undefined;
  return { sourceServerId, diskId, epoch: Number(epoch) };
}

function isSame(left: ExportRecord, right: ExportRecord): boolean {
  return left.sourceServerId === right.sourceServerId && left.epoch === right.epoch;
}

function taken({ exportId, sourceServerId, epoch }: ExportRecord): OperationError {
  const message = `the export ${exportId} is already open for ${sourceServerId} at epoch ${epoch}`;
  return new OperationError('EXPORT_ID_TAKEN', message, {
    hint: 'close that export first, or use another id',
  });
}
