export * from './bandwidth-schedule.ts';
export * from './data-replication.ts';
export * from './errors.ts';
export * from './forecast.ts';
export * from './job.ts';
export * from './lifecycle.ts';
export * from './recovery-point.ts';
export * from './source-properties.ts';
