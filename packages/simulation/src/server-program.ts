/**
 * One run of the replication server: the real journal and the real receiver over a simulated staging disk.
 */
import { type JournalGroup, openJournalGroupOn, type RetentionSettings } from '@landfall/journal';
import type { SimulatedJournalFiles } from '@landfall/journal/testing';
import { createReceiver, type Receiver } from '@landfall/replication';
import { AssertionFailure, OperationError } from '@landfall/runtime';
import type { Link, MemoryLinkPair } from '@landfall/wire';
import { ObservedStore } from './observed-store.ts';
import { ProgramLife } from './program-life.ts';
import { SECTOR_BYTES } from './sector-content.ts';
import { StagingFiles } from './staging-files.ts';
import type { World } from './world.ts';
import type { Mutant, WorldRetention } from './world-options.ts';

const PEER = { programId: 's-1', role: 'agent', fingerprint: '00' };
/** A staging disk that is full or fails may keep the journal from being opened for a while. */
const OPEN_AGAIN = new Set(['STAGING_FULL', 'JOURNAL_STORAGE_FAILED']);
const OPEN_INTERVAL_MS = 50;
const PAIRS_REMEMBERED_MAX = 24;

export interface ServerContext {
  readonly world: World;
  readonly files: SimulatedJournalFiles;
  readonly onPowerCut: (server: ServerProgram) => void;
}

export class ServerProgram {
  readonly life: ProgramLife;
  readonly staging: StagingFiles;
  group: JournalGroup | undefined;
  readonly #context: ServerContext;
  readonly #receiver: Receiver;
  readonly #read: (link: Link) => Link;
  #pairs: MemoryLinkPair[] = [];
  #stopping = false;

  constructor(context: ServerContext) {
    const { world, files } = context;
    this.#context = context;
    this.life = new ProgramLife(world.clock, world.serverWall);
    this.staging = new StagingFiles({
      files,
      life: this.life,
      clock: world.clock,
      random: world.random,
      syncMsMax: world.sizes.syncMsMax,
      onPowerCut: () => context.onPowerCut(this),
    });
    this.#read = world.mutant.links?.() ?? ((link) => link);
    this.#receiver = createReceiver({
      ...{ random: world.random, streamsMax: world.sizes.streamsMax },
      resolveStore: async () => this.#store(),
      logger: world.logger('server'),
      clock: this.life.clock,
    });
  }

  /** Opens the journal, however often it takes; from then on it listens. */
  start(): void {
    this.#open().catch((error: unknown) => this.#fail(error));
  }

  get listens(): boolean {
    return this.life.alive && !this.#stopping && this.group !== undefined;
  }

  accept(pair: MemoryLinkPair): void {
    this.#pairs = [...this.#pairs.slice(-PAIRS_REMEMBERED_MAX), pair];
    this.#receiver.serveLink(this.#read(pair.right), PEER).catch((error: unknown) => this.#fail(error));
  }

  /** Nothing of it goes on. `silently`: the machine is gone, and nobody resets its connections. */
  kill(silently: boolean): void {
    this.life.end();
    for (const pair of this.#pairs) {
      if (silently) pair.blackHole();
      else pair.cut();
    }
  }

  /** In good order. Errors are those of a staging disk that fails. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#receiver.close();
    try {
      await this.group?.close();
    } catch (error) {
      if (!isStorageError(error)) throw error;
    }
    this.kill(false);
  }

  async #open(): Promise<void> {
    while (this.life.alive && this.group === undefined) {
      try {
        this.group = await this.#openJournal();
      } catch (error) {
        if (!isStorageError(error)) throw error;
        this.#context.world.log.note(`server: journal not opened ${error.code}`);
        await this.life.clock.sleep(OPEN_INTERVAL_MS);
      }
    }
  }

  async #openJournal(): Promise<JournalGroup> {
    const { world } = this.#context;
    const { sizes, mutant, checker } = world;
    const disks = sizes.sectorCounts.map((count, index) => ({
      ...{ diskId: `disk-${index}`, sizeBytes: count * SECTOR_BYTES },
    }));
    const group = await openJournalGroupOn(mutant.files?.(this.staging) ?? this.staging, {
      ...{ disks, create: true, segmentBytes: sizes.segmentBytes, reserveBytes: 0 },
      ...(world.retention === undefined ? {} : { retention: retentionOf(world.retention, mutant) }),
      logger: world.logger('journal'),
    });
    world.log.note(`server: journal open at ${group.lastEpoch}`);
    checker.onOpened(group.lastEpoch);
    return group;
  }

  /**
   * A few steps of keeping the journal small, beside whatever else goes on; resolves to whether there is more
   * to do. A staging disk that is full or fails is tried again another time.
   */
  async maintain(stepsMax: number): Promise<boolean> {
    const { world } = this.#context;
    const { group } = this;
    for (let count = 0; count < stepsMax && group !== undefined && this.listens; count += 1) {
      try {
        const { did, hasMore } = await group.maintain();
        world.count(`maintained:${did}`);
        if (!hasMore) return false;
      } catch (error) {
        if (!isStorageError(error)) throw error;
        world.log.note(`server: journal not maintained ${error.code}`);
        return true;
      }
    }
    return true;
  }

  #store(): ObservedStore {
    const { world } = this.#context;
    if (this.group === undefined) throw new OperationError('SERVER_NOT_STAGED', 'the journal is not open');
    return new ObservedStore(world.mutant.store?.(this.group) ?? this.group, {
      onOffered: (commit) => this.#check(() => world.checker.onOffered(commit)),
      onDurable: (commit) => {
        world.count('epoch');
        this.#check(() => world.checker.onDurable(commit));
      },
    });
  }

  #check(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.life.alive) this.#context.world.fail(error);
  }
}

function retentionOf({ tiers, tableFactor }: WorldRetention, mutant: Mutant): RetentionSettings {
  return { tiers: mutant.tiers?.(tiers) ?? tiers, thinEveryMs: 0, tableFactor };
}

function isStorageError(error: unknown): error is OperationError {
  return (
    !(error instanceof AssertionFailure) && error instanceof OperationError && OPEN_AGAIN.has(error.code)
  );
}
