/**
 * For tests: a server with given devices on a Unix socket and on loopback TCP, and clients that speak raw
 * bytes.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ReadableBlockDevice } from '@landfall/block';
import { createLogger } from '@landfall/runtime';
import { temporaryFolder } from './file-fixture.ts';
import { CLIENT_FLAGS_BYTES, encodeOption, GREETING_BYTES } from './handshake-codec.ts';
import { createNbdServer, type NbdServer, type NbdServerOptions } from './nbd-server.ts';
import { nbdUri } from './nbd-uri.ts';
import { OPTION } from './protocol.ts';
import { TcpStream } from './tcp-stream.ts';

export type Devices = Readonly<Record<string, () => Promise<ReadableBlockDevice> | ReadableBlockDevice>>;

export interface ServerFixture {
  readonly server: NbdServer;
  readonly folder: string;
  readonly socketPath: string;
  /** Over the Unix socket. */
  uri(exportName: string): string;
  /** Over TCP. */
  tcpUri(exportName: string): string;
  /** The event of each line that was logged at info or above. */
  readonly events: string[];
}

export async function serve(
  context: TestContext,
  devices: Devices,
  options: Partial<NbdServerOptions> = {},
): Promise<ServerFixture> {
  const folder = await temporaryFolder(context);
  const events: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => events.push(JSON.parse(line).event) });
  const exports = {
    list: async () => Object.keys(devices),
    open: async (exportName: string) => devices[exportName]?.(),
  };
  const server = createNbdServer({ exports, logger, ...options });
  context.after(() => server.close());
  const socketPath = join(folder, 'nbd.sock');
  await server.listen({ socketPath });
  const tcp = await server.listen({ host: '127.0.0.1', port: 0 });
  const uri = (exportName: string) => nbdUri({ socketPath, exportName });
  const tcpUri = (exportName: string) => nbdUri({ ...tcp, exportName });
  return { server, folder, socketPath, uri, tcpUri, events };
}

const RAW_TIMEOUT_MS = 10_000;
const EXPORT_FACTS_BYTES = 10;

/** A connection on which nothing was said yet. */
export function connectRaw(context: TestContext, socketPath: string): TcpStream {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  context.after(() => {
    socket.destroy();
  });
  return new TcpStream(socket, RAW_TIMEOUT_MS);
}

/** A connection in transmission, chosen with EXPORT_NAME, with simple replies. */
export async function connectSimple(
  context: TestContext,
  socketPath: string,
  exportName: string,
): Promise<TcpStream> {
  const stream = connectRaw(context, socketPath);
  await stream.next(GREETING_BYTES);
  const flags = Buffer.alloc(CLIENT_FLAGS_BYTES);
  flags.writeUInt32BE(3);
  await stream.write(flags, encodeOption(OPTION.EXPORT_NAME, Buffer.from(exportName)));
  await stream.next(EXPORT_FACTS_BYTES);
  return stream;
}
