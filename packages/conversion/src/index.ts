export type { ConversionMethod } from './conversion-method.ts';
export type { PreflightTarget } from './findings.ts';
export type { GuestEntry } from './guest-entry.ts';
export type { ConversionDisk } from './guestfs-appliance.ts';
export * from './guestfs-convert.ts';
export * from './guestfs-files.ts';
export * from './guestfs-preflight.ts';
export { guestfsEnvironment } from './guestfs-session.ts';
export { hasVirtV2v } from './guestfs-virt-v2v.ts';
export type { ConversionPlan, ConversionStep, ConversionTarget } from './plan.ts';
export {
  type GuestScript,
  type GuestScriptReport,
  parseReports,
  REPORT_PORT,
} from './post-launch-runner.ts';
export type { TargetHardware } from './target-hardware.ts';
