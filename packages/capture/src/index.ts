export * from './churn/churn-meter.ts';
export * from './churn/linux-churn.ts';
export { openDirectReader } from './disks/linux-direct-reader.ts';
export {
  discoverDisks,
  diskAt,
  type LeftOutDisk,
  type LinuxDisk,
  leftOutDisks,
} from './disks/linux-disks.ts';
export type { DiskPurpose } from './disks/trackability.ts';
export * from './engine/capture-engine.ts';
export * from './engine/capture-options.ts';
export * from './engine/capture-stats.ts';
export * from './engine/epoch-source.ts';
export * from './engine/linux-capture.ts';
export * from './engine/source-meters.ts';
export { createLinuxDiskFreezer } from './freeze/linux-disk-freezer.ts';
export { GUARD_COMMAND, runFreezeGuard, thawLeftovers } from './freeze/linux-freeze-guard.ts';
export type { FreezeFacts, FreezeOptions } from './freeze/scan-freeze.ts';
export * from './impact/impact-budget.ts';
export type { SafetyPosition } from './safety/checkpoint.ts';
export * from './safety/linux-safety-net.ts';
export * from './safety/safety-net.ts';
export * from './scan/linux-scan.ts';
export * from './scan/scan-source.ts';
export * from './tracing/block-event.ts';
export { tracingRefusal } from './tracing/linux-tracefs.ts';
export * from './tracing/trace-source.ts';
export { kernelWarnings } from './tracing/tracing-readiness.ts';
