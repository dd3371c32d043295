/** The figures of one report of an agent. Pure. */
import type { AgentReport } from '@landfall/channel';
import type { Seen } from '../lifecycle/replication-view.ts';
import type { MetricSample } from './metric-bucket.ts';

/** Between reports that are further apart nobody knows when what was sent was sent. */
const GAP_MS_MAX = 120_000;

/** `before`: the report before this one. A counter that falls was begun anew, and says nothing of between. */
export function sampleOf(before: Seen<AgentReport> | undefined, seen: Seen<AgentReport>): MetricSample {
  const { lagMs, disks, forecast } = seen.report.replication;
  const throughput = throughputOf(before, seen);
  const churn = forecast?.churnBytesPerSecond;
  return {
    ...(lagMs === null ? {} : { lagMs: Math.round(lagMs) }),
    ...(throughput === undefined ? {} : { throughputBytesPerSecond: throughput }),
    backlogBytes: disks.reduce((sum, disk) => sum + disk.backloggedStorageBytes, 0),
    ...(typeof churn === 'number' ? { churnBytesPerSecond: Math.round(churn) } : {}),
  };
}

function throughputOf(before: Seen<AgentReport> | undefined, seen: Seen<AgentReport>): number | undefined {
  if (before === undefined) return undefined;
  const durationMs = seen.atMs - before.atMs;
  const sentBytes = seen.report.replication.bytesSent - before.report.replication.bytesSent;
  if (durationMs <= 0 || durationMs > GAP_MS_MAX || sentBytes < 0) return undefined;
  return Math.round((sentBytes * 1000) / durationMs);
}
