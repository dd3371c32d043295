export * from './host-network.ts';
export * from './hydration.ts';
export * from './launch-plan.ts';
export * from './machine-host.ts';
export * from './nbd-uri.ts';
export * from './qemu-host.ts';
export * from './qemu-image.ts';
export * from './tcp-free-port.ts';
