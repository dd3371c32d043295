export * from './guestfs-convert.ts';
export { guestfsEnvironment } from './guestfs-session.ts';
export type { ConversionPlan, ConversionStep, ConversionTarget } from './plan.ts';
