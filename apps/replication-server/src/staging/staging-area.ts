/**
 * All source servers staged here: one journal each, in a folder of its own. Which servers may connect is the
 * control plane's to say; a journal stays until it is told to be discarded. Changes are made one at a time,
 * and are written down before they take effect, so that a restarted server knows them again.
 *
 * S1 an agent reaches a journal only with a certificate the control plane named for it. While one follows the
 *    other both are accepted, and a connection made with the first goes on.
 * S2 a journal is discarded only after its agent was turned away and nobody uses it.
 * S3 while a journal is filled from images no agent reaches it.
 */
import { join } from 'node:path';
import type { ReplicationServerConfiguration } from '@landfall/channel';
import {
  checkSeedable,
  discardJournalGroup,
  type EncryptionSettings,
  type JournalDisk,
  type JournalGroup,
  openJournalGroup,
  type RetentionSettings,
} from '@landfall/journal';
import { areSameTiers, type SourceDisk } from '@landfall/model';
import type { EpochStore, ReceiverPeer, ReceiverProgress } from '@landfall/replication';
import { type Clock, describeError, type Logger, OperationError } from '@landfall/runtime';
import type { Hello } from '@landfall/wire';
import type { RetentionOf } from '../journals/file-retention.ts';
import type { Tripwire } from '../tripwire/tripwire.ts';
import type { StagedServerRecord } from './file-staged-servers.ts';
import { disksOf, type ServerReport, StagedServer, stalledReport } from './staged-server.ts';

export interface StagingAreaOptions {
  readonly stagingFolder: string;
  readonly records: readonly StagedServerRecord[];
  save(records: readonly StagedServerRecord[]): Promise<void>;
  /** Ends the connection of a server's agent, and resolves when its journal is free. */
  disconnect(sourceServerId: string): Promise<void>;
  /** Which recovery points of a server are kept. */
  readonly retentionOf: RetentionOf;
  /** Of each segment of a journal; that of the journal when not given. */
  readonly segmentBytes?: number | undefined;
  /** The keys of journals; without it, new ones are not encrypted. */
  readonly encryption?: { settings(): Promise<EncryptionSettings> };
  /** Without it nobody watches for what encrypts the files of servers. */
  readonly tripwire?: Tripwire;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A journal that could not be opened is tried again after this long. */
const REOPEN_INTERVAL_MS = 10_000;

export class StagingArea {
  readonly #options: StagingAreaOptions;
  readonly #records: Map<string, StagedServerRecord>;
  readonly #open = new Map<string, StagedServer>();
  readonly #failures = new Map<string, { readonly error: unknown; readonly atMs: number }>();
  /** Source servers whose journals are being filled from images. */
  readonly #seeding = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: StagingAreaOptions) {
    this.#options = options;
    this.#records = new Map(options.records.map((record) => [record.sourceServerId, record]));
  }

  /** Opens what can be opened; the others are told as stalled, and tried again. */
  openAll(): Promise<void> {
    return this.#inTurn(() => this.#openMissing());
  }

  /** Takes on what the control plane wants; agents that are no longer accepted are disconnected. */
  configure(configuration: ReplicationServerConfiguration): Promise<void> {
    return this.#inTurn(async () => {
      const wanted = new Map(configuration.servers.map((server) => [server.sourceServerId, server]));
      const next = [...this.#records.values()].map(withoutAcceptance);
      const merged = new Map(next.map((record) => [record.sourceServerId, record]));
      for (const [sourceServerId, server] of wanted) {
        const known = this.#open.get(sourceServerId)?.disks ?? server.disks;
        const acceptedFingerprints = fingerprintsOf(server);
        const { journalLimitBytes, retention } = server;
        merged.set(sourceServerId, {
          ...{ sourceServerId, disks: known, acceptedFingerprints },
          ...(journalLimitBytes === undefined ? {} : { journalLimitBytes }),
          ...(retention === undefined ? {} : { retention }),
        });
      }
      const dropped = [...this.#records.values()].filter((record) =>
        isDropped(record, merged.get(record.sourceServerId)),
      );
      await this.#replace([...merged.values()]);
      for (const [id, { group }] of this.#open) {
        limit(group, this.#records.get(id));
        this.#applyRetention(id, group);
      }
      await this.#openMissing();
      for (const { sourceServerId } of dropped) await this.#options.disconnect(sourceServerId);
    });
  }

  /**
   * What a receiver asks before it serves an agent, one connection of a server at a time. Not in turn with
   * the rest: a change may be waiting for this very connection to end. Errors: SERVER_NOT_ASSIGNED,
   * JOURNAL_DISKS_CHANGED, those of opening.
   */
  async resolveStore(sourceServerId: string, peer: ReceiverPeer, hello: Hello): Promise<EpochStore> {
    const record = this.#records.get(sourceServerId);
    const isItself = peer.role === 'agent' && peer.programId === sourceServerId;
    const isAccepted = record?.acceptedFingerprints?.includes(peer.fingerprint) === true;
    if (!isItself || !isAccepted) throw notAssigned(peer.programId);
    if (this.#seeding.has(sourceServerId)) throw seedOpen(sourceServerId);
    const server = this.server(sourceServerId);
    const isUsable = server.group.lastEpoch > 0 || server.hasDisksOf(hello);
    return (isUsable ? server : await this.#createAnew(server, hello)).storeFor(hello);
  }

  /** Other disks before the first recovery point: there is nothing to keep. */
  async #createAnew(server: StagedServer, hello: Hello): Promise<StagedServer> {
    const { sourceServerId } = server;
    this.#open.delete(sourceServerId);
    this.#failures.set(sourceServerId, {
      error: disksChanged(sourceServerId),
      atMs: this.#options.clock.nowMs(),
    });
    await server.group.discard();
    const error = await this.#openOne({ sourceServerId, disks: disksOf(hello, []) });
    if (error !== undefined) throw error;
    return this.server(sourceServerId);
  }

  /**
   * The journal of a server is to be filled from images; agents are refused until `endSeed`. Errors:
   * SERVER_NOT_STAGED, SEED_TOO_LATE, those of opening.
   */
  beginSeed(sourceServerId: string): Promise<StagedServer> {
    return this.#inTurn(async () => {
      checkSeedable(this.server(sourceServerId).group, sourceServerId);
      this.#seeding.add(sourceServerId);
      try {
        await this.#options.disconnect(sourceServerId);
        const server = this.server(sourceServerId);
        checkSeedable(server.group, sourceServerId);
        return server;
      } catch (error) {
        this.#seeding.delete(sourceServerId);
        throw error;
      }
    });
  }

  /** What was written is durable, and is compared by the next connection. Errors: those of the storage. */
  endSeed({ sourceServerId, group }: StagedServer): Promise<void> {
    return this.#inTurn(async () => {
      try {
        if (this.#open.get(sourceServerId)?.group !== group) return;
        this.#open.delete(sourceServerId);
        await group.close().finally(() => this.#openMissing());
      } finally {
        this.#seeding.delete(sourceServerId);
      }
    });
  }

  /** Errors: SERVER_NOT_ASSIGNED. */
  admit(peer: ReceiverPeer): void {
    const record = this.#records.get(peer.programId);
    const isAccepted = record?.acceptedFingerprints?.includes(peer.fingerprint) === true;
    if (peer.role !== 'agent' || !isAccepted) throw notAssigned(peer.programId);
  }

  onProgress(progress: ReceiverProgress): void {
    this.#open.get(progress.sourceServerId)?.onProgress(progress);
  }

  /** Those whose journals are open. */
  openServers(): readonly StagedServer[] {
    return [...this.#open.values()];
  }

  /** Errors: SERVER_NOT_STAGED, or why its journal cannot be opened. */
  server(sourceServerId: string): StagedServer {
    const server = this.#open.get(sourceServerId);
    if (server !== undefined) return server;
    const failure = this.#failures.get(sourceServerId);
    if (failure !== undefined) throw failure.error;
    throw new OperationError(
      'SERVER_NOT_STAGED',
      `this replication server has nothing of ${sourceServerId}`,
      {
        hint: 'check which replication server it is assigned to: `landfall server show`',
      },
    );
  }

  /** What the points of a server are kept by, or would be if `wish` were put. */
  retentionOf(sourceServerId: string, wish = this.#records.get(sourceServerId)?.retention) {
    return this.#options.retentionOf(sourceServerId, wish);
  }

  #applyRetention(sourceServerId: string, group: JournalGroup): void {
    const { tiers, origin } = this.retentionOf(sourceServerId);
    if (areSameTiers(tiers, group.retention.tiers)) return;
    group.retention.keepBy(tiers);
    this.#options.logger.info('retention-changed', { sourceServerId, origin, tiers });
  }

  /** Those whose journal is open. */
  get servers(): readonly StagedServer[] {
    return [...this.#open.values()];
  }

  /** Removes the journal of a server for good; a server that is not here is already discarded. */
  discard(sourceServerId: string): Promise<number> {
    return this.#inTurn(async () => {
      const record = this.#records.get(sourceServerId);
      if (record === undefined) return 0;
      const others = [...this.#records.values()].filter((other) => other !== record);
      await this.#replace([...others, withoutAcceptance(record)]);
      await this.#options.disconnect(sourceServerId);
      const freedBytes = await this.#discardJournal(sourceServerId);
      await this.#replace(others);
      return freedBytes;
    });
  }

  /** Also one that cannot be opened. */
  async #discardJournal(sourceServerId: string): Promise<number> {
    const server = this.#open.get(sourceServerId);
    this.#failures.delete(sourceServerId);
    if (server === undefined) return discardJournalGroup(join(this.#options.stagingFolder, sourceServerId));
    const freedBytes = await server.group.discard();
    this.#open.delete(sourceServerId);
    return freedBytes;
  }

  /** `warningOf`: space runs out soon for a server, and what to do. */
  async report(
    warningOf: (sourceServerId: string) => string | undefined = () => undefined,
  ): Promise<readonly ServerReport[]> {
    const nowMs = this.#options.clock.nowMs();
    return Promise.all(
      [...this.#records.values()].map(async ({ sourceServerId, acceptedFingerprints = [] }) => {
        const server = this.#open.get(sourceServerId);
        const report =
          server === undefined
            ? stalledReport(sourceServerId, this.#failures.get(sourceServerId)?.error)
            : await server.report(nowMs, warningOf(sourceServerId));
        const { origin, tiers } = this.retentionOf(sourceServerId);
        return { ...report, acceptedFingerprints, retention: { origin, tiers } };
      }),
    );
  }

  /** Keys that were rotated are taken on; where that fails, the keys there are go on being used. */
  refreshKeys(): Promise<void> {
    return this.#inTurn(async () => {
      const settings = await this.#options.encryption?.settings();
      if (settings === undefined) return;
      for (const [sourceServerId, { group }] of this.#open) {
        await group.keys?.refresh(settings).catch((error: unknown) => {
          this.#options.logger.error('journal-keys-not-rotated', { sourceServerId, error });
        });
      }
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      for (const server of this.#open.values()) await server.group.close();
      this.#open.clear();
    });
  }

  async #openMissing(): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    for (const record of this.#records.values()) {
      const failedAtMs = this.#failures.get(record.sourceServerId)?.atMs ?? Number.NEGATIVE_INFINITY;
      if (Math.abs(nowMs - failedAtMs) < REOPEN_INTERVAL_MS) continue;
      await this.#openOne(record);
    }
  }

  /** Resolves to why it could not be opened. */
  async #openOne({ sourceServerId, disks }: StagedServerRecord): Promise<unknown> {
    if (this.#open.has(sourceServerId)) return undefined;
    const logger = this.#options.logger.with({ sourceServerId });
    try {
      const folder = join(this.#options.stagingFolder, sourceServerId);
      const retention = this.retentionOf(sourceServerId);
      const { clock, segmentBytes } = this.#options;
      const encryption = await this.#options.encryption?.settings();
      const more = { ...(encryption && { encryption }), ...(segmentBytes && { segmentBytes }) };
      const options = { folder, disks: disks.map(journalDisk), logger, retention, clock, ...more };
      const group = await openOrCreate(options);
      limit(group, this.#records.get(sourceServerId));
      const tripwire = this.#options.tripwire?.of({ sourceServerId, group });
      const parts = { group, logger, ...(tripwire === undefined ? {} : { tripwire }) };
      this.#open.set(sourceServerId, new StagedServer(sourceServerId, disks, parts));
      this.#failures.delete(sourceServerId);
      return undefined;
    } catch (error) {
      logger.error('journal-not-opened', { error, explanation: describeError(error) });
      this.#failures.set(sourceServerId, { error, atMs: this.#options.clock.nowMs() });
      return error;
    }
  }

  async #replace(records: readonly StagedServerRecord[]): Promise<void> {
    if (JSON.stringify(records) === JSON.stringify([...this.#records.values()])) return;
    await this.#options.save(records);
    this.#records.clear();
    for (const record of records) this.#records.set(record.sourceServerId, record);
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

/** A journal that exists has disks of its own; those given are for a new one. */
async function openOrCreate(options: {
  readonly folder: string;
  readonly disks: readonly JournalDisk[];
  readonly logger: Logger;
  readonly retention: RetentionSettings;
  readonly clock: Clock;
  readonly encryption?: EncryptionSettings;
  readonly segmentBytes?: number;
}): Promise<JournalGroup> {
  const { disks, ...settings } = options;
  try {
    return await openJournalGroup(settings);
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'JOURNAL_MISSING') throw error;
    return openJournalGroup({ ...settings, disks, create: true });
  }
}

function disksChanged(sourceServerId: string): OperationError {
  const message = `the disks of ${sourceServerId} changed during the first copy: its journal is made anew`;
  return new OperationError('JOURNAL_DISKS_CHANGED', message, {
    hint: 'the first copy begins again by itself',
    retryable: true,
  });
}

function seedOpen(sourceServerId: string): OperationError {
  return new OperationError('SEED_OPEN', `the replica of ${sourceServerId} is being filled from an image`, {
    hint: 'the agent connects by itself when that has ended',
    retryable: true,
  });
}

function journalDisk({ diskId, sizeBytes }: SourceDisk): JournalDisk {
  return { diskId, sizeBytes };
}

function fingerprintsOf(server: ReplicationServerConfiguration['servers'][number]): readonly string[] {
  const { certificateFingerprint, nextCertificateFingerprint } = server;
  const told = [certificateFingerprint, nextCertificateFingerprint ?? certificateFingerprint];
  return [...new Set(told.map((fingerprint) => fingerprint.replaceAll(':', '').toLowerCase()))];
}

/** A renewal always shares a certificate with what was before it; a new enrolment and a revocation do not. */
function isDropped(before: StagedServerRecord, after: StagedServerRecord | undefined): boolean {
  const { acceptedFingerprints } = before;
  if (acceptedFingerprints === undefined) return false;
  return !acceptedFingerprints.some((fingerprint) => after?.acceptedFingerprints?.includes(fingerprint));
}

function withoutAcceptance({ acceptedFingerprints: _, ...record }: StagedServerRecord): StagedServerRecord {
  return record;
}

function limit(group: JournalGroup, record: StagedServerRecord | undefined): void {
  const limitBytes = record?.journalLimitBytes ?? Number.POSITIVE_INFINITY;
  if (group.staging.limitBytes !== limitBytes) group.staging.limitTo(limitBytes);
}

/** Retryable: the agent may have heard of its assignment before this server has. */
function notAssigned(programId: string): OperationError {
  return new OperationError(
    'SERVER_NOT_ASSIGNED',
    `${programId} is not assigned to this replication server`,
    {
      hint: 'the agent keeps trying; if it stays so, check the assignment with `landfall server show`',
      retryable: true,
    },
  );
}
