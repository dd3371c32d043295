/** A whole control plane in one process: opens its state, binds its port, resumes its jobs, serves. */
import { join, resolve } from 'node:path';
import {
  type Clock,
  ensureFolder,
  type Logger,
  OperationError,
  type Random,
  systemClock,
  systemRandom,
} from '@landfall/runtime';
import { keepBootProofs } from './boot-proofs/boot-proof-keeper.ts';
import { createCommandQueues } from './channel/command-queues.ts';
import { createReportBoard } from './channel/report-board.ts';
import { removeRunningFile, writeStateFiles } from './file-state.ts';
import { OpenTrees } from './files/open-trees.ts';
import { FleetBoard } from './fleet/fleet-board.ts';
import { ReplicationHistory } from './history/replication-history.ts';
import { listConsolePages } from './http/file-console-pages.ts';
import { closeListener, createApp, listen, renewCredentials } from './http/http-server.ts';
import { keepHydrations } from './hydration/hydration-keeper.ts';
import { BOOT_GRACE_MS } from './hydration/hydration-wish.ts';
import type { CallRate } from './identity/call-limits.ts';
import { publicKeyPin } from './identity/certificate-authority.ts';
import { keepCertificates } from './identity/certificate-upkeep.ts';
import { loadAuthority, loadServerCertificate } from './identity/file-authority.ts';
import { openIdentity } from './identity/identity-keeper.ts';
import { createInventoryRunner } from './inventory/inventory-runner.ts';
import { createJobRunner } from './jobs/job-runner.ts';
import { planFor } from './jobs/plan-for.ts';
import { CallMetrics } from './metrics/call-metrics.ts';
import { loadMetricsToken } from './metrics/file-metrics-token.ts';
import { createFileObjectStore } from './objects/file-object-store.ts';
import type { ObjectStore } from './objects/object-store.ts';
import { createS3ObjectStore, type S3Location, type S3Surroundings } from './objects/s3-object-store.ts';
import { keepPreflights } from './preflights/preflight-keeper.ts';
import type { Service } from './service.ts';
import { loadMachineSizes } from './sizes/file-machine-sizes.ts';
import { type WatchedStore, watchStore } from './store/change-feed.ts';
import { openStore } from './store/open-store.ts';
import type { StoreLocation } from './store/store.ts';
import { keepTelling, openTelling } from './telling.ts';

export const VERSION = '0.1.0';
/** One installation is one account; the API's ARNs need twelve digits. */
const ACCOUNT_ID = '000000000000';

export interface ControlPlaneOptions {
  readonly stateDir: string;
  readonly listen: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Under which we are reached; the first is the one tokens and installers name. */
  readonly addresses: readonly string[];
  readonly agentBinary?: string;
  /** The built console; absent: none is served. */
  readonly consoleDir?: string | undefined;
  readonly region: string;
  /** Of the certificates of programs; default: 90 days. */
  readonly certificateLifetimeMs?: number;
  /** Where the tables are; absent: in SQLite in the state folder. */
  readonly store?: StoreLocation;
  /** Before the disks of a cutover's machine fill in by themselves; default: `BOOT_GRACE_MS`. */
  readonly bootGraceMs?: number;
  /** Of each access key; default: `CALL_RATE`. */
  readonly callRate?: CallRate;
  /** Networks that webhooks may reach whatever is in them, as ADDRESS/BITS. */
  readonly webhookNetworks?: readonly string[];
  /** Where buckets are; absent: folders in the state folder. */
  readonly s3?: S3Location | undefined;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface ControlPlane {
  readonly service: Service;
  readonly port: number;
  close(): Promise<void>;
}

/** Errors: those of openStore, MACHINE_SIZES_INVALID, PORT_IN_USE, ADDRESS_UNUSABLE, CONSOLE_NOT_BUILT. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const stateDir = resolve(options.stateDir);
  await ensureFolder(stateDir);
  const { clock = systemClock, random = systemRandom, log, store: location } = options;
  const store = watchStore(await openStore({ stateDir, location, clock, random, log }));
  try {
    return await serve({ ...options, stateDir }, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function serve(options: ControlPlaneOptions, store: WatchedStore): Promise<ControlPlane> {
  const { stateDir, addresses, log, clock = systemClock, random = systemRandom } = options;
  const { certificateLifetimeMs, consoleDir } = options;
  const consolePages = consoleDir === undefined ? undefined : await listConsolePages(consoleDir);
  const sizes = await loadMachineSizes(stateDir);
  const closing = new AbortController();
  const objects = await openObjectStore(options, { clock, closing: closing.signal });
  const files = {
    stateDir,
    clock,
    random,
    ...(certificateLifetimeMs === undefined ? {} : { certificateLifetimeMs }),
  };
  const authority = await loadAuthority(files);
  const identity = await openIdentity({ stateDir, store, clock, random, log, callRate: options.callRate });
  const certificate = await loadServerCertificate(files, authority, addresses);
  const { listen: host, port } = options;
  const listener = await listen({ ...certificate, caPem: authority.certificatePem, host, port });
  const scope = { region: options.region, accountId: ACCOUNT_ID };
  const networks = options.webhookNetworks ?? [];
  const telling = await openTelling({ store, clock, random, log, scope, networks, service: () => service });
  const reports = createReportBoard({ store, clock, log });
  await reports.load(store.db);
  const fleet = new FleetBoard(store.db);
  store.changes.follow((changes) => fleet.tell(changes));
  const service: Service = {
    facts: {
      ...scope,
      version: VERSION,
      publicUrl: publicUrl(addresses, listener.port),
      localUrl: publicUrl([localAddress(options), ...addresses], listener.port),
      serverPublicKeyPin: publicKeyPin(certificate.certificatePem),
    },
    store,
    clock,
    random,
    log,
    authority,
    ...identity,
    reports,
    history: new ReplicationHistory({ store, clock, log }),
    fleet,
    ...telling,
    metrics: new CallMetrics(),
    metricsToken: await loadMetricsToken(stateDir, random),
    commands: createCommandQueues({ clock, random }),
    trees: new OpenTrees(clock),
    objects,
    inventory: createInventoryRunner(),
    sizes,
    bootGraceMs: options.bootGraceMs ?? BOOT_GRACE_MS,
    jobs: createJobRunner({
      ...{ store, clock, log, vault: identity.vaults.scripts },
      planFor: (job) => planFor(service, job),
    }),
  };
  const app = await createApp(
    { service, agentBinary: options.agentBinary, consolePages, closing: closing.signal },
    listener,
  );
  await service.jobs.resume();
  service.inventory.wake(service);
  await writeStateFiles(stateDir, service);
  const upkeep = keepCertificates({
    ...{ files, authority, addresses, serverCertificate: certificate, clock, log },
    onRenewed: async (renewed) => {
      renewCredentials(listener, { ...renewed, caPem: authority.certificatePem });
      await writeStateFiles(stateDir, service);
    },
    signal: closing.signal,
  });
  const preflights = keepPreflights(service, closing.signal);
  const bootProofs = keepBootProofs(service, closing.signal);
  const hydrations = keepHydrations(service, closing.signal);
  const auditing = service.audit.run(closing.signal);
  const reporting = reports.run(closing.signal);
  const remembering = service.history.run(closing.signal);
  const told = keepTelling(service, closing.signal);
  log.info('control-plane-listening', { url: service.facts.publicUrl, stateDir });
  const close = async () => {
    // Before its calls of an S3 endpoint are cut off: what was running stays unfinished (I5).
    const inventoryEnded = service.inventory.close();
    closing.abort();
    // What one of them could not write, a store that is away, must not keep the others from ending.
    await Promise.allSettled([
      upkeep,
      preflights,
      bootProofs,
      hydrations,
      auditing,
      reporting,
      remembering,
      told,
      service.streams.close(),
    ]);
    const steps = [removeRunningFile(stateDir), service.jobs.close(), inventoryEnded];
    const ended: PromiseSettledResult<unknown>[] = await Promise.allSettled(steps);
    await closeListener(listener);
    // The store last: all of the others may have something to write.
    for (const end of [() => app.close(), () => service.audit.flush(), () => store.close()])
      ended.push(...(await Promise.allSettled([end()])));
    for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
    log.info('control-plane-stopped');
  };
  let closed: Promise<void> | undefined;
  return {
    service,
    port: listener.port,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function openObjectStore(
  { stateDir, s3 }: ControlPlaneOptions,
  surroundings: S3Surroundings,
): Promise<ObjectStore> {
  if (s3 !== undefined) return createS3ObjectStore(s3, surroundings);
  return Promise.resolve(createFileObjectStore(join(stateDir, 'buckets')));
}

const LOOPBACK = '127.0.0.1';

/** Loopback when it is listened on and in the certificate; else what everybody uses. */
function localAddress({ listen: host, addresses }: ControlPlaneOptions): string {
  const reached = host === LOOPBACK || host === '0.0.0.0';
  return reached && addresses.includes(LOOPBACK) ? LOOPBACK : (addresses[0] ?? host);
}

function publicUrl([first]: readonly string[], port: number): string {
  if (first !== undefined) return `https://${first.includes(':') ? `[${first}]` : first}:${port}`;
  throw new OperationError(
    'ADDRESS_MISSING',
    'no address was given under which this control plane is reached',
    {
      hint: 'give at least one --address',
    },
  );
}
