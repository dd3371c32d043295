/**
 * NBD URIs (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/uri.md) as QEMU's block layer wants
 * them.
 */
import { OperationError } from '@landfall/runtime';

export interface NbdLocation {
  readonly server:
    | { readonly type: 'unix'; readonly path: string }
    | { readonly type: 'inet'; readonly host: string; readonly port: string };
  readonly export: string;
}

const PORT_DEFAULT = '10809';

/** `nbd+unix:///EXPORT?socket=PATH` or `nbd://HOST[:PORT]/EXPORT`. Errors: NBD_URI_INVALID. */
export function parseNbdUri(uri: string): NbdLocation {
  if (!URL.canParse(uri)) throw invalid(uri);
  const url = new URL(uri);
  const exportName = decodeURIComponent(url.pathname.replace(/^\//, ''));
  if (url.protocol === 'nbd+unix:') {
    const path = url.searchParams.get('socket');
    if (path === null || !path.startsWith('/')) throw invalid(uri);
    return { server: { type: 'unix', path }, export: exportName };
  }
  if (url.protocol !== 'nbd:' || url.hostname === '') throw invalid(uri);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    server: { type: 'inet', host, port: url.port === '' ? PORT_DEFAULT : url.port },
    export: exportName,
  };
}

function invalid(uri: string): OperationError {
  return new OperationError('NBD_URI_INVALID', `not an NBD address of a view: ${uri.slice(0, 200)}`, {
    hint: 'a view is nbd+unix:///EXPORT?socket=PATH or nbd://HOST:PORT/EXPORT',
  });
}
