/**
 * Staging disks that are being filled from images before their first recovery point. A seed is asked for by
 * its id, its disks are named `<sourceServerId>/<diskId>@seed`, and while it is open the server's agent is
 * refused. It is not written down: after a restart of this program the journal has what had come, the agent
 * compares it, and whoever was writing is told by the connection it lost.
 */
import type { MachineDisk } from '@landfall/channel';
import { SeedDevice } from '@landfall/journal';
import { type NbdExports, nbdUri } from '@landfall/nbd';
import { type Clock, OperationError } from '@landfall/runtime';
import { Leases } from '../exports/leases.ts';
import type { StagedServer } from '../staging/staged-server.ts';
import type { StagingArea } from '../staging/staging-area.ts';

export interface SeedRegistryOptions {
  readonly staging: Pick<StagingArea, 'beginSeed' | 'endSeed'>;
  readonly socketPath: string;
  readonly clock: Clock;
}

export interface OpenSeedRequest extends SeedRequest {
  readonly leaseMs: number;
  /** It must be open already. */
  readonly renews?: boolean;
}

export interface SeedRequest {
  readonly seedId: string;
  readonly sourceServerId: string;
}

interface Seed extends SeedRequest {
  readonly server: StagedServer;
  readonly devices: ReadonlyMap<string, SeedDevice>;
}

export class SeedRegistry {
  readonly #options: SeedRegistryOptions;
  /** By source server. */
  readonly #seeds = new Map<string, Seed>();
  readonly #leases: Leases;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SeedRegistryOptions) {
    this.#options = options;
    this.#leases = new Leases(options.clock);
  }

  /** Errors: SEED_OPEN when another one is, SEED_ENDED, those of `StagingArea.beginSeed`. */
  open(request: OpenSeedRequest): Promise<readonly MachineDisk[]> {
    return this.#inTurn(async () => {
      const { seedId, sourceServerId, leaseMs } = request;
      const known = this.#seeds.get(sourceServerId);
      if (known !== undefined && known.seedId !== seedId) throw anotherOpen(sourceServerId);
      if (known === undefined && request.renews === true) throw ended(sourceServerId);
      const seed = known ?? (await this.#begin(request));
      this.#leases.renew(sourceServerId, leaseMs);
      return this.#disksOf(seed);
    });
  }

  /** Errors: what a write failed with; SEED_ENDED when it is not open any more. */
  close({ seedId, sourceServerId }: SeedRequest): Promise<void> {
    return this.#inTurn(async () => {
      const seed = this.#seeds.get(sourceServerId);
      if (seed?.seedId !== seedId) throw ended(sourceServerId);
      const flushed = await Promise.allSettled([...seed.devices.values()].map((device) => device.flush()));
      await this.#end(seed);
      for (const outcome of flushed) if (outcome.status === 'rejected') throw outcome.reason;
    });
  }

  /** Whoever opened them has not asked for them again in time. */
  closeExpired(): Promise<void> {
    return this.#inTurn(async () => {
      for (const sourceServerId of this.#leases.expired()) await this.#endOf(sourceServerId);
    });
  }

  /** The server is about to be discarded. */
  abandon(sourceServerId: string): Promise<void> {
    return this.#inTurn(() => this.#endOf(sourceServerId));
  }

  get nbdExports(): NbdExports {
    return {
      list: async () =>
        [...this.#seeds.values()].flatMap(({ sourceServerId, devices }) =>
          [...devices.keys()].map((diskId) => seedName(sourceServerId, diskId)),
        ),
      open: async (name) => {
        const [, sourceServerId = '', diskId = ''] = /^([^/@]+)\/([^/@]+)@seed$/.exec(name) ?? [];
        return this.#seeds.get(sourceServerId)?.devices.get(diskId);
      },
    };
  }

  async #begin({ seedId, sourceServerId }: SeedRequest): Promise<Seed> {
    const server = await this.#options.staging.beginSeed(sourceServerId);
    const { group } = server;
    const devices = new Map(group.disks.map(({ diskId }, index) => [diskId, new SeedDevice(group, index)]));
    const seed = { seedId, sourceServerId, server, devices };
    this.#seeds.set(sourceServerId, seed);
    return seed;
  }

  async #endOf(sourceServerId: string): Promise<void> {
    const seed = this.#seeds.get(sourceServerId);
    if (seed !== undefined) await this.#end(seed);
  }

  async #end({ sourceServerId, server }: Seed): Promise<void> {
    this.#seeds.delete(sourceServerId);
    this.#leases.end(sourceServerId);
    await this.#options.staging.endSeed(server);
  }

  #disksOf({ sourceServerId, server, devices }: Seed): readonly MachineDisk[] {
    const { socketPath } = this.#options;
    return server
      .disksAt(server.group.lastEpoch + 1)
      .filter(({ diskId }) => devices.has(diskId))
      .map(({ diskId, deviceName, sizeBytes, isBootDisk }) => {
        const uri = nbdUri({ socketPath, exportName: seedName(sourceServerId, diskId) });
        return { diskId, deviceName, sizeBytes, isBootDisk, nbdUri: uri };
      });
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

function seedName(sourceServerId: string, diskId: string): string {
  return `${sourceServerId}/${diskId}@seed`;
}

function anotherOpen(sourceServerId: string): OperationError {
  const message = `the replica of ${sourceServerId} is being filled from another image`;
  return new OperationError('SEED_OPEN', message, {
    hint: 'wait until that import has ended; one that was killed ends by itself within minutes',
    retryable: true,
  });
}

function ended(sourceServerId: string): OperationError {
  const message = `the import for ${sourceServerId} was ended: the replication server was restarted, or heard nothing of it for too long`;
  return new OperationError('SEED_ENDED', message, { hint: 'import the images again' });
}
