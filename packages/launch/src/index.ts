export * from './hydration.ts';
export * from './launch-plan.ts';
export * from './nbd-uri.ts';
export * from './qemu-guest-agent.ts';
export * from './qemu-image.ts';
export * from './qemu-machine.ts';
export * from './qemu-probe.ts';
export { findQemu, type ProcessIdentity, readQemuLog, startQemu, stopQemu } from './qemu-process.ts';
export * from './tcp-free-port.ts';
