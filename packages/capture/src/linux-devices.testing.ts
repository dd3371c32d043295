/** Tests only: real block devices and mounts, for the tests of other packages too. */
export * from './linux-loop.testing.ts';
export * from './linux-own-mounts.testing.ts';
