/**
 * Exports and seeds of a journal that no replication server has open, straight from its folder. The journal
 * is opened here, which no other program can do meanwhile, and its disks are given to image tools through a
 * socket of our own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { ReadableBlockDevice } from '@landfall/block';
import {
  checkSeedable,
  type EncryptionSettings,
  type JournalGroup,
  openJournalGroup,
  SeedDevice,
} from '@landfall/journal';
import type { RecoveryPoint } from '@landfall/model';
import { createNbdServer, nbdUri } from '@landfall/nbd';
import { type Logger, OperationError } from '@landfall/runtime';
import type { NbdDisk } from './image-format.ts';
import type { OpenExport, OpenSeed, Transfers } from './transfer.ts';

export interface FolderTransfersOptions {
  readonly folder: string;
  /** The keys the journal is opened with, if it is encrypted. */
  readonly encryption: EncryptionSettings;
  readonly logger: Logger;
}

type Devices = ReadonlyMap<string, ReadableBlockDevice>;

export class FolderTransfers implements Transfers {
  readonly #options: FolderTransfersOptions;
  readonly #server: string;

  constructor(options: FolderTransfersOptions) {
    this.#options = options;
    this.#server = basename(resolve(options.folder));
  }

  /** Errors: JOURNAL_IN_USE and the others of opening; NO_RECOVERY_POINT, RECOVERY_POINT_MISSING. */
  async withExport<Result>(at: string, action: (opened: OpenExport) => Promise<Result>): Promise<Result> {
    return this.#withJournal(async (group) => {
      const point = findPoint(group, at);
      const view = await group.openView(point.epoch);
      const devices = new Map<string, ReadableBlockDevice>();
      for (const [index, { diskId }] of group.disks.entries()) {
        const device = view.disks[index];
        if (device !== undefined && device.sizeBytes > 0) devices.set(diskId, device);
      }
      const cutDateTime = new Date(point.cutTimeMs).toISOString();
      const { epoch, consistency } = point;
      return served(devices, this.#options.logger, (disks) =>
        action({ server: this.#server, point: { epoch, cutDateTime, consistency }, disks }),
      ).finally(() => view.close());
    });
  }

  /** Errors: SEED_TOO_LATE, JOURNAL_IN_USE and the others of opening; what a write failed with. */
  async withSeed<Result>(action: (opened: OpenSeed) => Promise<Result>): Promise<Result> {
    return this.#withJournal(async (group) => {
      checkSeedable(group, this.#server);
      const devices = new Map(group.disks.map(({ diskId }, index) => [diskId, new SeedDevice(group, index)]));
      const fill = async (disks: readonly NbdDisk[]) => {
        const result = await action({ server: this.#server, disks });
        for (const device of devices.values()) await device.flush();
        return result;
      };
      return served(devices, this.#options.logger, fill).catch((error: unknown) => {
        // The image tool only knows that a write failed.
        throw [...devices.values()].find(({ failure }) => failure !== undefined)?.failure ?? error;
      });
    });
  }

  async #withJournal<Result>(action: (group: JournalGroup) => Promise<Result>): Promise<Result> {
    const group = await openJournalGroup(this.#options);
    try {
      return await action(group);
    } finally {
      await group.close();
    }
  }
}

/** Each device on a socket that only this user can use, until `action` has ended. */
async function served<Result>(
  devices: Devices,
  logger: Logger,
  action: (disks: readonly NbdDisk[]) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-images-'));
  const socketPath = join(folder, 'nbd.sock');
  const exports = {
    list: async () => [...devices.keys()],
    open: async (name: string) => keptOpen(devices.get(name)),
  };
  const server = createNbdServer({ exports, logger });
  try {
    await server.listen({ socketPath });
    const disks = [...devices].map(([diskId, { sizeBytes }]) => {
      const uri = nbdUri({ socketPath, exportName: diskId });
      return { diskId, deviceName: diskId, sizeBytes, nbdUri: uri };
    });
    return await action(disks);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A client that leaves does not close what the next one reads. A seed has nothing to close. */
function keptOpen(device: ReadableBlockDevice | undefined): ReadableBlockDevice | undefined {
  if (device === undefined || device instanceof SeedDevice) return device;
  return {
    sizeBytes: device.sizeBytes,
    read: (offsetBytes, target) => device.read(offsetBytes, target),
    allocation: (offsetBytes, lengthBytes) => device.allocation(offsetBytes, lengthBytes),
    close: async () => undefined,
  };
}

/** `LATEST`, an ISO time (the last point at or before it), or `epoch:N`. */
function findPoint(group: JournalGroup, at: string): RecoveryPoint {
  const epoch = /^epoch:([0-9]{1,15})$/.exec(at)?.[1];
  const timeMs = Date.parse(at);
  if (at !== 'LATEST' && epoch === undefined && Number.isNaN(timeMs))
    throw new OperationError('OPTION_INVALID', `${at} is no recovery point`, {
      hint: 'give latest, an epoch, or a time like 2026-01-31T12:00:00Z',
    });
  const found =
    epoch !== undefined
      ? group.recoveryPoint(Number(epoch))
      : at === 'LATEST'
        ? group.newestPoint
        : group.pointAtOrBefore(timeMs);
  if (found !== undefined) return found;
  const { oldestPoint: oldest, newestPoint: newest } = group;
  const range = oldest === undefined ? 'none yet' : `${oldest.epoch} to ${newest?.epoch}`;
  const code = epoch === undefined ? 'NO_RECOVERY_POINT' : 'RECOVERY_POINT_MISSING';
  throw new OperationError(code, `the journal has no recovery point ${at}: there are ${range}`, {
    hint: 'choose another epoch, or a later time',
  });
}
