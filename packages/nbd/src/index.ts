export type { NbdExports } from './export-holder.ts';
export { NbdDevice, WritableNbdDevice } from './nbd-device.ts';
export { createNbdServer, type NbdServer, type NbdServerOptions } from './nbd-server.ts';
export { type NbdAddress, type NbdLocation, nbdUri, parseNbdUri } from './nbd-uri.ts';
export { connectNbd, type NbdConnectOptions } from './tcp-client.ts';
