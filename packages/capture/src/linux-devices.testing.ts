/** Tests only: real block devices and mounts, for the tests of other packages too. */
export * from './disks/linux-loop.testing.ts';
export * from './disks/linux-own-mounts.testing.ts';
