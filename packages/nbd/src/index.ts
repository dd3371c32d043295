export type { NbdExports } from './export-holder.ts';
export * from './nbd-device.ts';
export * from './nbd-server.ts';
export * from './nbd-uri.ts';
export * from './tcp-client.ts';
