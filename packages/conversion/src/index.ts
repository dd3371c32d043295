export type { GuestEntry, GuestEntryKind } from './guest-entry.ts';
export * from './guestfs-convert.ts';
export * from './guestfs-files.ts';
export { guestfsEnvironment } from './guestfs-session.ts';
export type { ConversionPlan, ConversionStep, ConversionTarget } from './plan.ts';
