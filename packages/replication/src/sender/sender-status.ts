/** What a sender says of itself, computed from its state alone. */
import type { DataReplicationErrorString, DataReplicationState, DiskReplication } from '@landfall/model';
import { describeError, OperationError } from '@landfall/runtime';
import type { SenderForecast } from '../forecast/sender-forecast.ts';
import type { SenderError, SenderLimits, SenderStatus } from './sender-options.ts';
import type { SenderState } from './sender-state.ts';

/** A server that took us back has to go on accepting for this long before its refusal is history. */
export const REFUSAL_HOLD_MS = 30_000;

const PAIRING_CODES = new Set([
  'CERTIFICATE_REFUSED',
  'IDENTITY_MISMATCH',
  'PEER_UNTRUSTED',
  'PROTOCOL_VERSION_UNSUPPORTED',
  'PROTOCOL_VIOLATION',
]);

export function senderStatus(
  state: SenderState,
  limits: SenderLimits,
  forecasts: SenderForecast | undefined,
): SenderStatus {
  const { ledger, nowMs } = state;
  const phase = replicationState(state, limits);
  const error = currentError(state);
  const forecast = forecasts?.of(state, limits, phase);
  const { p50Ms, p99Ms } = state.lag.percentiles(nowMs);
  const caughtUpMs = state.caughtUpUntilNs === undefined ? null : Number(state.caughtUpUntilNs) / 1e6;
  return {
    state: phase,
    ...(error === undefined ? {} : { error }),
    disks: state.source.disks.map((_disk, index) => diskReplication(state, phase, index)),
    lagMs: caughtUpMs === null ? null : Math.max(0, nowMs - caughtUpMs),
    lagP50Ms: p50Ms,
    lagP99Ms: p99Ms,
    etaMs: forecast === undefined ? etaMs(state, phase) : forecast.etaP50Ms,
    ...(forecast === undefined ? {} : { forecast }),
    lastEpoch: ledger.position?.lastEpoch ?? 0,
    journalId: ledger.position?.journalId ?? null,
    connected: state.link !== undefined,
    bytesRead: state.bytesRead,
    bytesSent: state.bytesSent,
    firstSyncDurationMs: state.firstSyncDurationMs,
    ...(state.proof === undefined ? {} : { proof: state.proof.facts }),
  };
}

function replicationState(state: SenderState, limits: SenderLimits): DataReplicationState {
  if (state.phase === 'ENDED') return 'STOPPED';
  if (state.phase === 'IDLE') return 'INITIATING';
  if (state.paused) return 'PAUSED';
  if (standingRefusal(state) !== undefined) return 'STALLED';
  if (state.link === undefined) {
    return state.everConnected || state.connectionError !== undefined ? 'DISCONNECTED' : 'INITIATING';
  }
  if (state.sourceError !== undefined) return 'STALLED';
  if (state.ledger.position?.lastEpoch === 0 || state.comparing === 'FIRST_COPY') return 'INITIAL_SYNC';
  if (state.comparing === 'RESCAN') return 'RESCAN';
  return state.dirtyBytes > limits.cutDirtyBytesMax ? 'BACKLOG' : 'CONTINUOUS';
}

function standingRefusal(state: SenderState): unknown {
  const { refusal, connectedSinceMs, nowMs } = state;
  const accepted = connectedSinceMs !== undefined && nowMs - connectedSinceMs >= REFUSAL_HOLD_MS;
  return accepted ? undefined : refusal;
}

function currentError(state: SenderState): SenderError | undefined {
  const refusal = standingRefusal(state);
  if (refusal !== undefined) return senderError(refusal, 'SNAPSHOTS_FAILURE');
  if (state.sourceError !== undefined) return senderError(state.sourceError, 'FAILED_TO_START_DATA_TRANSFER');
  if (state.connectionError === undefined) return undefined;
  const unreachable = 'FAILED_TO_CONNECT_AGENT_TO_REPLICATION_SERVER';
  return senderError(state.connectionError, state.everConnected ? 'UNSTABLE_NETWORK' : unreachable);
}

function senderError(error: unknown, usual: DataReplicationErrorString): SenderError {
  const code = error instanceof OperationError ? error.code : 'INTERNAL_ERROR';
  const pairing = PAIRING_CODES.has(code);
  return {
    error: pairing ? 'FAILED_TO_PAIR_REPLICATION_SERVER_WITH_AGENT' : usual,
    code,
    rawError: describeError(error),
  };
}

function diskReplication(state: SenderState, phase: DataReplicationState, index: number): DiskReplication {
  const disk = state.source.disks[index];
  const totalStorageBytes = disk?.sizeBytes ?? 0;
  const dirtyBytes = state.source.dirtyBytes(index);
  const first = (state.ledger.position?.lastEpoch ?? 0) === 0 || phase === 'INITIAL_SYNC';
  const rescanning = !first && state.comparing === 'RESCAN';
  return {
    deviceName: disk?.deviceName ?? '',
    totalStorageBytes,
    replicatedStorageBytes: first ? totalStorageBytes - dirtyBytes : totalStorageBytes,
    rescannedStorageBytes: rescanning ? totalStorageBytes - dirtyBytes : 0,
    backloggedStorageBytes: first || rescanning ? 0 : dirtyBytes,
  };
}

function etaMs(state: SenderState, phase: DataReplicationState): number | null {
  if (phase === 'CONTINUOUS') return 0;
  const working = phase === 'INITIAL_SYNC' || phase === 'RESCAN' || phase === 'BACKLOG';
  const rate = state.rate.bytesPerSecond;
  if (!working || rate === undefined || rate === 0) return null;
  return Math.round((state.dirtyBytes / rate) * 1000);
}
