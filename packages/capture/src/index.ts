export * from './block-event.ts';
export * from './capture-engine.ts';
export * from './epoch-source.ts';
export * from './linux-capture.ts';
export { discoverDisks, diskAt, type LinuxDisk, leftOutDisks } from './linux-disks.ts';
export { tracingRefusal } from './linux-tracefs.ts';
export * from './trace-source.ts';
export { kernelWarnings } from './tracing-readiness.ts';
