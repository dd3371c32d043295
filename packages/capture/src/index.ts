export * from './block-event.ts';
export * from './capture-engine.ts';
export * from './epoch-source.ts';
export * from './linux-capture.ts';
export { discoverDisks, diskAt, type LinuxDisk } from './linux-disks.ts';
export * from './trace-source.ts';
