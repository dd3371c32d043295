/**
 * The replication server, put together: agents come in on the TLS port and are served by the receiver into
 * journals; recovery points go out over the NBD socket; the channel tells both what to do. What was wanted
 * last is on disk, so after a restart agents and machines are served again before the control plane is heard
 * of.
 */
import { join } from 'node:path';
import { obtainIdentity, runChannel } from '@landfall/channel';
import { createNbdServer, type NbdExports } from '@landfall/nbd';
import { createReceiver, type Receiver } from '@landfall/replication';
import { type Clock, ensureFolder, every, type Logger } from '@landfall/runtime';
import { listenTls } from '@landfall/wire';
import { createHandlers } from './command-handlers.ts';
import { ExportRegistry } from './exports/export-registry.ts';
import { readExports, writeExports } from './exports/file-exports.ts';
import { readRetention } from './journals/file-retention.ts';
import { maintainJournals } from './journals/journal-maintenance.ts';
import { JournalTasks } from './journals/journal-tasks.ts';
import { Scrubber } from './journals/scrubber.ts';
import { SeedRegistry } from './journals/seed-registry.ts';
import type { ServerOptions } from './server-options.ts';
import { readSpace } from './staging/file-space.ts';
import { readStagedServers, writeStagedServers } from './staging/file-staged-servers.ts';
import { SpaceKeeper } from './staging/space-keeper.ts';
import type { StagedServer } from './staging/staged-server.ts';
import { StagingArea } from './staging/staging-area.ts';
import { StagingEncryption } from './staging/staging-encryption.ts';
import { readTripwire, writeTripwire } from './tripwire/file-tripwire.ts';
import { Tripwire } from './tripwire/tripwire.ts';
import { VERSION } from './version.ts';

export interface RunServerOptions extends ServerOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const REPORT_INTERVAL_MS = 2000;
/** Keys that were rotated are taken on within this time. */
const KEYS_INTERVAL_MS = 30_000;
const LEASES_INTERVAL_MS = 5000;
const SPACE_INTERVAL_MS = 10_000;

/** Works until the signal. Errors: PORT_IN_USE, NBD_LISTEN_FAILED, STATE_UNREADABLE, those of enrolment. */
export async function runServer(options: RunServerOptions): Promise<void> {
  const { stateFolder, stagingFolder, logger, clock, signal } = options;
  await ensureFolder(stateFolder);
  await ensureFolder(stagingFolder);
  const identity = await obtainIdentity({ ...options, role: 'replication-server', version: VERSION });
  const tripwire = options.tripwire ? await createTripwire(options) : undefined;
  const staging = await createStaging(
    options,
    (sourceServerId) => receiver.disconnect(sourceServerId),
    tripwire,
  );
  const receiver: Receiver = createReceiver({
    resolveStore: (sourceServerId, peer, hello) => staging.resolveStore(sourceServerId, peer, hello),
    admitProbe: (peer) => staging.admit(peer),
    onProgress: (progress) => staging.onProgress(progress),
    streamsMax: options.streamsMax,
    logger,
    clock,
  });
  const exports = await createExports(options, staging);
  const seeds = new SeedRegistry({ staging, socketPath: socketPathOf(stateFolder), clock });
  const { caPem: ca, certificatePem: cert, keyPem: key } = identity;
  const listener = await listenTls({
    ...{ host: options.listenAddress, port: options.port, ca, cert, key, logger, clock },
    onLink: (link, peer) => void receiver.serveLink(link, peer),
  });
  await staging.openAll();
  const servers = () => staging.openServers();
  const exportedEpochs = (id: string) => exports.exportsOf(id).map(({ epoch }) => epoch);
  const watched = tripwire?.run(() => staging.openServers(), signal);
  const nbd = createNbdServer({ exports: joined(exports.nbdExports, seeds.nbdExports), logger });
  const { space, stopSampling } = keepSpace(options, servers);
  const isUrgent = (id: string) => space.isUrgent(id);
  const maintenance = maintainJournals({ servers, exportedEpochs, isUrgent, logger, clock, signal });
  await nbd.listen({ socketPath: socketPathOf(stateFolder) });
  logger.info('replication-server-ready', { programId: identity.programId, port: listener.port });
  const stopRefreshing = every(
    KEYS_INTERVAL_MS,
    () => staging.refreshKeys(),
    (error) => logger.error('encryption-keys-not-refreshed', { error }),
  );
  const stopClosing = closeExpired(exports, seeds, logger);
  const scrubber = newScrubber(options, staging, receiver);
  const beginScrub = (id: string) => scrubber.beginPass(id);
  const tasks = new JournalTasks({ exportedEpochs, beginScrub, logger, clock });
  const channel = runChannel({
    ...identity,
    renewal: {
      stateFolder,
      identity,
      onRenewed: (renewed) =>
        listener.renew({ ca: renewed.caPem, cert: renewed.certificatePem, key: renewed.keyPem }),
    },
    role: 'replication-server',
    report: () => describe(options, staging, space),
    applyConfiguration: (configuration) => staging.configure(configuration),
    handlers: createHandlers(staging, exports, seeds, { space, tasks, tripwire }),
    reportIntervalMs: REPORT_INTERVAL_MS,
    logger,
    clock,
    signal,
  });
  const scrubbed = scrubber.run(signal);
  await channel.finished;
  stopRefreshing();
  stopClosing();
  stopSampling();
  await scrubbed;
  await watched;
  await maintenance;
  await listener.close();
  await receiver.close();
  await nbd.close();
  await staging.close();
}

/** What nobody asks for any more, from now on; the returned function ends it. */
function closeExpired(exports: ExportRegistry, seeds: SeedRegistry, logger: Logger): () => void {
  return every(
    LEASES_INTERVAL_MS,
    () => Promise.all([exports.closeExpired(), seeds.closeExpired()]).then(() => undefined),
    (error) => logger.error('expired-export-not-closed', { error }),
  );
}

/** Their names never meet. */
function joined(first: NbdExports, second: NbdExports): NbdExports {
  return {
    list: async () => [...(await first.list()), ...(await second.list())],
    open: async (name) => (await first.open(name)) ?? second.open(name),
  };
}

function newScrubber(options: RunServerOptions, staging: StagingArea, receiver: Receiver): Scrubber {
  const { scrubBytesPerSecond: bytesPerSecond, scrubIntervalMs: passIntervalMs, logger, clock } = options;
  return new Scrubber({
    servers: () => staging.servers,
    ...{ bytesPerSecond, passIntervalMs, logger, clock },
    resend: (sourceServerId, ranges) => receiver.resend(sourceServerId, ranges),
  });
}

function keepSpace(
  { stagingFolder, logger, clock }: RunServerOptions,
  servers: () => readonly StagedServer[],
): { readonly space: SpaceKeeper; readonly stopSampling: () => void } {
  const space = new SpaceKeeper({ servers, readVolume: () => readSpace(stagingFolder), logger, clock });
  const stopSampling = every(
    SPACE_INTERVAL_MS,
    () => space.sample(),
    (error) => logger.error('space-not-sampled', { error }),
  );
  return { space, stopSampling };
}

function socketPathOf(stateFolder: string): string {
  return join(stateFolder, 'nbd.sock');
}

async function createStaging(
  options: RunServerOptions,
  disconnect: (sourceServerId: string) => Promise<void>,
  tripwire: Tripwire | undefined,
): Promise<StagingArea> {
  const { stateFolder, stagingFolder, logger, clock } = options;
  return new StagingArea({
    stagingFolder,
    records: await readStagedServers(stateFolder),
    save: (records) => writeStagedServers(stateFolder, records),
    disconnect,
    encryption: new StagingEncryption(options),
    retentionOf: await readRetention(stateFolder),
    segmentBytes: options.segmentBytes,
    ...(tripwire === undefined ? {} : { tripwire }),
    logger,
    clock,
  });
}

async function createTripwire({ stateFolder, logger, clock }: RunServerOptions): Promise<Tripwire> {
  const records = await readTripwire(stateFolder, logger);
  const save = (next: typeof records) => writeTripwire(stateFolder, next);
  return new Tripwire({ records, save, logger, clock });
}

async function createExports(
  { stateFolder, clock }: RunServerOptions,
  staging: StagingArea,
): Promise<ExportRegistry> {
  return new ExportRegistry({
    records: await readExports(stateFolder),
    socketPath: socketPathOf(stateFolder),
    clock,
    save: (records) => writeExports(stateFolder, records),
    disksAt: (sourceServerId, epoch) => staging.server(sourceServerId).settledDisksAt(epoch),
    openView: ({ sourceServerId, diskId, epoch }) => staging.server(sourceServerId).openDisk(diskId, epoch),
  });
}

async function describe(options: RunServerOptions, staging: StagingArea, keeper: SpaceKeeper) {
  const space = await readSpace(options.stagingFolder);
  const [host = options.listenAddress] = options.addresses;
  return {
    version: VERSION,
    host,
    port: options.port,
    stagingTotalBytes: space.totalBytes,
    stagingFreeBytes: space.freeBytes,
    servers: await staging.report((id) => keeper.warningOf(id)),
  };
}
