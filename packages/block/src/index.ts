export * from './block-device.ts';
export * from './encoded-extent.ts';
export * from './extent.ts';
