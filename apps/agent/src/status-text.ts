/** `landfall-agent status` for people. */
import type { DiskChange } from '@landfall/model';
import { formatBytes, formatDurationMs } from '@landfall/runtime';
import type { AgentStatus } from './file-status.ts';
import type { TrackingAccount } from './replicator.ts';

const STALE_AFTER_MS = 10_000;

export function describeStatus(status: AgentStatus, nowMs: number): string {
  const { replication } = status;
  const plane = status.controlPlaneConnected ? 'connected' : 'not connected';
  const server = status.replicationServer ?? 'not assigned yet';
  const lines = [
    `source server       ${status.sourceServerId}`,
    `control plane       ${status.controlPlaneUrl} (${plane})`,
    `replication server  ${server}${replication.connected ? ' (connected)' : ''}`,
    `replication         ${replication.state}`,
    ...(replication.error === undefined ? [] : [`problem             ${replication.error.rawError}`]),
    `lag                 ${duration(replication.lagMs, 'no recovery point yet')}`,
    ...(replication.etaMs === null ? [] : [`done in about       ${formatDurationMs(replication.etaMs)}`]),
    ...(replication.forecast === undefined
      ? []
      : [`forecast            ${replication.forecast.explanation}`]),
    ...describeImpact(replication.impact),
    `last epoch          ${replication.lastEpoch}`,
    `read / sent         ${formatBytes(replication.bytesRead)} / ${formatBytes(replication.bytesSent)}`,
    ...(status.tracking === null ? [] : describeTracking(status.tracking)),
    ...replication.disks.map(describeDisk),
    ...describeCapture(replication.capture),
    ...(replication.diskChanges ?? []).map(describeChange),
  ];
  const ageMs = nowMs - status.writtenAtMs;
  if (ageMs > STALE_AFTER_MS)
    lines.unshift(`NOT RUNNING: the agent last wrote this ${formatDurationMs(ageMs)} ago`);
  return `${lines.join('\n')}\n`;
}

function describeCapture(capture: AgentStatus['replication']['capture']): string[] {
  if (capture === undefined) return [];
  const { mode, reason, passDurationMs, warnings } = capture;
  const pass = passDurationMs === undefined ? '' : `; a pass takes ${formatDurationMs(passDurationMs)}`;
  const scan = mode === 'SCAN' ? [`mode                SCAN: ${reason}${pass}`] : [];
  return [...scan, ...warnings.map((warning) => `warning             ${warning}`)];
}

function describeChange({ atMs, kind, diskId, deviceName, sizeBytes, ...rest }: DiskChange): string {
  const isResized = kind === 'GROWN' || kind === 'SHRUNK';
  const before = isResized ? `${formatBytes(rest.previousSizeBytes)} → ` : '';
  const when = new Date(atMs).toISOString();
  return `disk change         ${when} ${kind} ${diskId} (${deviceName}, ${before}${formatBytes(sizeBytes)})`;
}

function describeImpact(impact: AgentStatus['replication']['impact']): string[] {
  if (impact === undefined || impact.increasePercent === null) return [];
  const { increasePercent, budgetPercent } = impact;
  const sign = increasePercent < 0 ? '' : '+';
  return [
    `impact              writes ${sign}${increasePercent.toFixed(0)} % while reading (budget ${budgetPercent} %)`,
  ];
}

function describeTracking({ start, restart }: TrackingAccount): string[] {
  return [`began with          ${start}`, `a restart           ${restart}`];
}

function duration(ms: number | null, absent: string): string {
  return ms === null ? absent : formatDurationMs(ms);
}

function describeDisk(disk: AgentStatus['replication']['disks'][number]): string {
  const { totalStorageBytes: total, replicatedStorageBytes: replicated } = disk;
  const percent = total === 0 ? 0 : Math.floor((100 * replicated) / total);
  const backlog = disk.backloggedStorageBytes;
  const waiting = backlog === 0 ? '' : `, ${formatBytes(backlog)} to send`;
  const name = disk.deviceName.padEnd(18);
  return `${name}  ${formatBytes(replicated)} of ${formatBytes(total)} (${percent} %)${waiting}`;
}
