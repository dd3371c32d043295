export type { PreflightTarget } from './findings.ts';
export type { GuestEntry } from './guest-entry.ts';
export type { ConversionDisk } from './guestfs-appliance.ts';
export * from './guestfs-convert.ts';
export * from './guestfs-files.ts';
export * from './guestfs-preflight.ts';
export { guestfsEnvironment } from './guestfs-session.ts';
export type { ConversionPlan, ConversionStep, ConversionTarget } from './plan.ts';
export {
  type GuestScript,
  type GuestScriptReport,
  parseReports,
  REPORT_PORT,
} from './post-launch-runner.ts';
