/**
 * Where an export is, as an address and as an NBD URI. Source: `doc/uri.md` of the NetworkBlockDevice
 * project: `nbd://host[:port]/name` and `nbd+unix:///name?socket=/path`.
 */
import { OperationError } from '@landfall/runtime';
import { PORT_DEFAULT } from './protocol.ts';

export type NbdAddress =
  | { readonly socketPath: string }
  | {
      readonly host: string;
      readonly port: number;
    };

export type NbdLocation = NbdAddress & { readonly exportName: string };

export function nbdUri(location: NbdLocation): string {
  const name = encodePath(location.exportName);
  if ('socketPath' in location) return `nbd+unix:///${name}?socket=${encodePath(location.socketPath)}`;
  const host = location.host.includes(':') ? `[${location.host}]` : location.host;
  return `nbd://${host}:${location.port}/${name}`;
}

/** Errors: NBD_URI_INVALID. */
export function parseNbdUri(uri: string): NbdLocation {
  const url = URL.parse(uri);
  if (url === null) throw invalid(uri, 'it is not a URI');
  const exportName = decodePath(uri, url.pathname.replace(/^\//, ''));
  if (url.protocol === 'nbd+unix:') return { socketPath: socketOf(uri, url), exportName };
  if (url.protocol !== 'nbd:') throw invalid(uri, `${url.protocol} is not supported`);
  if (url.hostname === '') throw invalid(uri, 'it names no host');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: url.port === '' ? PORT_DEFAULT : Number(url.port), exportName };
}

export function describeAddress(address: NbdAddress): string {
  return 'socketPath' in address ? address.socketPath : `${address.host}:${address.port}`;
}

function socketOf(uri: string, url: URL): string {
  const socketPath = url.searchParams.get('socket');
  if (socketPath === null || socketPath === '') throw invalid(uri, 'it names no socket');
  return socketPath;
}

/** Slashes stay readable; everything else that is not plain is escaped. */
function encodePath(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/');
}

function decodePath(uri: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw invalid(uri, 'its export name is not well escaped', cause);
  }
}

function invalid(uri: string, why: string, cause?: unknown): OperationError {
  return new OperationError('NBD_URI_INVALID', `${uri} is not an NBD URI: ${why}`, {
    hint: 'write nbd://host:port/name or nbd+unix:///name?socket=/path',
    context: { uri },
    cause,
  });
}
