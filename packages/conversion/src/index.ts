export type { ConversionDisk } from './appliance/guestfs-appliance.ts';
export { ReadyAppliance } from './appliance/guestfs-ready-appliance.ts';
export { guestfsEnvironment } from './appliance/guestfs-session.ts';
export * from './convert/guestfs-convert.ts';
export type { GuestEntry } from './files/guest-entry.ts';
export * from './files/guestfs-files.ts';
export type { KeptAddress } from './network/network-address.ts';
export type { ConversionMethod } from './plan/conversion-method.ts';
export type { ConversionPlan, ConversionStep, ConversionTarget } from './plan/plan.ts';
export {
  type GuestScript,
  type GuestScriptReport,
  parseReports,
  REPORT_PORT,
  scriptsDisk,
} from './plan/post-launch-runner.ts';
export type { TargetHardware } from './plan/target-hardware.ts';
export type { PreflightTarget } from './preflight/findings.ts';
export * from './preflight/guestfs-preflight.ts';
export { hasVirtV2v } from './virt-v2v/guestfs-virt-v2v.ts';
