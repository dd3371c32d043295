/**
 * `landfall-agent forecast`: measures the source and the link, whether the agent is installed or not and
 * while it replicates or not, and says what follows. Writes are watched all the time; reads and the probe
 * of the link take their seconds of it, and are bounded.
 */
import { type Churn, measureChurn, openDirectReader } from '@landfall/capture';
import { type Identity, readIdentity } from '@landfall/channel';
import { type BandwidthSchedule, type CapChange, capAt, type Forecast, nextCapChange } from '@landfall/model';
import { type Clock, type Logger, OperationError, type Random } from '@landfall/runtime';
import type { FoundDisk } from '../disk-mapping.ts';
import { readInstallation, readLastConfiguration } from '../file-installation.ts';
import { dialByProxyFile } from '../file-proxy.ts';
import { readStatus } from '../file-status.ts';
import { describeDisks, findDisks } from '../linux-disks.ts';
import { STREAMS_DEFAULT } from '../source-replicator.ts';
import { outlookOf } from './outlook.ts';
import { measureSource } from './source-speed.ts';
import { LINK_CONNECTIONS, type LinkSpeed, measureLink, reach } from './tls-link-speed.ts';

export interface ForecastOptions {
  readonly minutes: number;
  readonly devices: readonly string[];
  /** HOST:PORT. */
  readonly to: string | undefined;
  readonly stateFolder: string;
  readonly runtimeFolder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: (elapsedMs: number, durationMs: number, churn: Churn) => void;
}

export interface ForecastResult {
  readonly forecast: Forecast;
  readonly disks: readonly { readonly deviceName: string; readonly sizeBytes: number }[];
  readonly churn: Churn;
  readonly link: LinkSpeed;
  /** What the link was measured with; absent: it was not. */
  readonly linkConnections?: number;
  /** Connections replication may use. */
  readonly streams: number;
  readonly encoding: 'ZSTD' | 'RAW';
  /** Bytes on the wire for each byte of disk. */
  readonly wireShare: number;
  readonly nextCapChange: { readonly atDateTime: string; readonly mbps: number } | undefined;
  /** What the agent itself says while it replicates. */
  readonly replicating: Forecast | undefined;
}

const STATUS_STALE_MS = 10_000;
const BITS_IN_MEGABIT = 1_000_000;

/** Errors: OPTION_INVALID, DISK_NOT_FOUND, DISK_NOT_TRACKABLE, DISK_UNREADABLE, TRACEFS_UNAVAILABLE … */
export async function runForecast(options: ForecastOptions): Promise<ForecastResult> {
  const { clock, random } = options;
  const installed = await readInstalled(options);
  const disks = chooseDisks(options.devices, installed.devices);
  const { churn, source, link } = await measureAll(options, disks, installed);
  const totalBytes = disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const nowMs = clock.nowMs();
  const mbps = capAt(installed.schedule, nowMs, installed.mbps);
  const measured = {
    ...{ totalBytes, churn, source, link, streams: installed.streams },
    bytesToGo: installed.bytesToGo ?? totalBytes,
    capBytesPerSecond: (mbps * BITS_IN_MEGABIT) / 8,
  };
  return {
    ...outlookOf(measured, random),
    disks: disks.map(({ deviceName, sizeBytes }) => ({ deviceName, sizeBytes })),
    ...{ churn, link, streams: installed.streams, replicating: installed.replicating },
    ...(link.kind === 'MEASURED' ? { linkConnections: LINK_CONNECTIONS } : {}),
    nextCapChange: showChange(nextCapChange(installed.schedule, nowMs, installed.mbps)),
  };
}

interface Installed {
  readonly identity: Identity | undefined;
  readonly server: Parameters<typeof measureLink>[0]['server'] | undefined;
  readonly devices: readonly string[];
  readonly streams: number;
  readonly mbps: number;
  readonly schedule: BandwidthSchedule | undefined;
  readonly bytesToGo: number | undefined;
  readonly replicating: Forecast | undefined;
}

/** All of it may be absent: the agent need not be installed. */
async function readInstalled(options: ForecastOptions): Promise<Installed> {
  const { stateFolder, runtimeFolder, clock } = options;
  const configuration = await readLastConfiguration(stateFolder);
  const status = await readStatus(runtimeFolder);
  const isRunning = status !== undefined && clock.nowMs() - status.writtenAtMs < STATUS_STALE_MS;
  const forecast = isRunning ? status.replication.forecast : undefined;
  const excluded = new Set(configuration?.excludedDiskIds);
  const { disks = [], streams = STREAMS_DEFAULT } = (await readInstallation(stateFolder)) ?? {};
  return {
    identity: await readIdentity(stateFolder),
    server: configuration?.replicationServer,
    devices: disks.filter(({ diskId }) => !excluded.has(diskId)).map(({ deviceName }) => deviceName),
    streams,
    mbps: configuration?.bandwidthThrottlingMbps ?? 0,
    schedule: configuration?.bandwidthSchedule,
    bytesToGo: forecast?.bytesToGo,
    replicating: forecast,
  };
}

function chooseDisks(named: readonly string[], installed: readonly string[]): readonly FoundDisk[] {
  const names = named.length > 0 ? named : installed;
  const disks = names.length > 0 ? describeDisks(names, 'track') : findDisks('track');
  if (disks.length > 0) return disks;
  throw new OperationError('DISK_NOT_FOUND', 'there is no disk here that can be replicated', {
    hint: 'list the disks of this machine with lsblk and name them with --devices',
  });
}

/**
 * When one of them fails, the others need not go on. The disks are read first: the link needs the CPU too.
 */
async function measureAll(options: ForecastOptions, disks: readonly FoundDisk[], installed: Installed) {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const speeds = async () => {
    const source = await measureDisks(options, disks);
    return { source, link: await measureWay(options, installed) };
  };
  try {
    const [churn, speed] = await Promise.all([watchWrites({ ...options, signal }, disks), speeds()]);
    return { churn, ...speed };
  } finally {
    failed.abort();
  }
}

function watchWrites(options: ForecastOptions, disks: readonly FoundDisk[]): Promise<Churn> {
  const { clock, logger, signal, minutes, onProgress } = options;
  const durationMs = minutes * 60_000;
  const devices = disks.map(({ deviceName }) => deviceName);
  return measureChurn({
    ...{ devices, durationMs, logger, clock, signal },
    onProgress: (elapsedMs, churn) => onProgress(elapsedMs, durationMs, churn),
  });
}

async function measureDisks({ clock, random }: ForecastOptions, disks: readonly FoundDisk[]) {
  const reader = await openDirectReader(disks);
  try {
    return await measureSource({
      reader,
      sizesBytes: disks.map(({ sizeBytes }) => sizeBytes),
      clock,
      random,
    });
  } finally {
    await reader.close();
  }
}

async function measureWay(options: ForecastOptions, { identity, server }: Installed): Promise<LinkSpeed> {
  const { to, clock, random, stateFolder } = options;
  const dial = dialByProxyFile(stateFolder);
  if (to !== undefined) return reach(parseAddress(to), dial, clock);
  if (identity !== undefined && server !== undefined)
    return measureLink({ identity, server, dial, clock, random });
  const why =
    identity === undefined
      ? 'the agent is not installed; --to HOST:PORT at least tells whether it can be reached'
      : 'no replication server is assigned yet';
  return { kind: 'UNKNOWN', why };
}

/** Errors: OPTION_INVALID. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new OperationError('OPTION_INVALID', `--to ${text} is not of the form HOST:PORT`, {
    hint: 'see `landfall-agent help`',
  });
}

function showChange(change: CapChange | undefined): ForecastResult['nextCapChange'] {
  if (change === undefined) return undefined;
  return { atDateTime: new Date(change.atMs).toISOString(), mbps: change.mbps };
}
