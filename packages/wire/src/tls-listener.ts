/**
 * The replication server's end of port 1500: a client certificate of our CA is demanded before a single
 * byte of ours is read. Whatever else knocks is turned away by TLS; it costs a socket for at most
 * HANDSHAKE_MS, and at most one log line every REFUSAL_LOG_INTERVAL_MS says so, with the count of those not
 * shown.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import {
  type Clock,
  type Logger,
  OperationError,
  silentLogger,
  systemClock,
  systemErrorCode,
} from '@landfall/runtime';
import { createFramedLink } from './framed-link.ts';
import type { Link, LinkPeer } from './link.ts';
import { prepare } from './tls-link.ts';
import { peerOf, TLS_OPTIONS } from './tls-peer.ts';

/** As many agents as there may be, their lanes, and what is left of sessions that were lost. */
export const CONNECTIONS_MAX = 512;
export const HANDSHAKE_MS = 10_000;
export const REFUSAL_LOG_INTERVAL_MS = 60_000;

export interface ListenTlsOptions {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly onLink: (link: Link, peer: LinkPeer) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Until a handshake is over. Default: HANDSHAKE_MS. */
  readonly handshakeMs?: number;
}

export interface LinkListener {
  readonly port: number;
  /** New connections from now on are judged with these; open ones stay. */
  renew(credentials: { readonly ca: string; readonly cert: string; readonly key: string }): void;
  /** Takes no more connections and ends those there are. */
  close(): Promise<void>;
}

/** Errors: PORT_IN_USE, LISTEN_FAILED. */
export function listenTls(options: ListenTlsOptions): Promise<LinkListener> {
  const { host, port, ca, cert, key } = options;
  const server = createServer({
    ...TLS_OPTIONS,
    ca,
    cert,
    key,
    requestCert: true,
    handshakeTimeout: options.handshakeMs ?? HANDSHAKE_MS,
  });
  const refusals = createRefusalLog(options.logger ?? silentLogger, options.clock ?? systemClock);
  const sockets = new Set<Socket>();
  server.maxConnections = CONNECTIONS_MAX;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket) => accept(socket, refusals, options.onLink));
  server.on('tlsClientError', (error, socket) => {
    refusals.note(socket.remoteAddress, socket.authorizationError ?? error);
    // Of one that is silent Node says only that its time is up.
    socket.destroy();
  });
  server.on('drop', (dropped) => refusals.note(dropped?.remoteAddress, new Error('too many connections')));
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(options, error)));
    server.listen({ host, port }, () => {
      server.on('error', (error) => refusals.note(undefined, error));
      resolve(listenerOf(server, sockets));
    });
  });
}

function accept(socket: TLSSocket, refusals: RefusalLog, onLink: ListenTlsOptions['onLink']): void {
  try {
    const peer = peerOf(socket);
    prepare(socket);
    onLink(createFramedLink(socket), peer);
  } catch (error) {
    socket.on('error', (later) => refusals.note(socket.remoteAddress, later));
    refusals.note(socket.remoteAddress, error);
    socket.destroy();
  }
}

/** `sockets`: also of those that have not yet shown who they are. */
function listenerOf(server: Server, sockets: ReadonlySet<Socket>): LinkListener {
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    renew: (credentials) => server.setSecureContext({ ...TLS_OPTIONS, ...credentials }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

interface RefusalLog {
  note(address: string | undefined, error: unknown): void;
}

function createRefusalLog(logger: Logger, clock: Clock): RefusalLog {
  let lastLoggedNs: bigint | undefined;
  let notShown = 0;
  return {
    note: (address, error) => {
      const nowNs = clock.monotonicNs();
      const quiet = BigInt(REFUSAL_LOG_INTERVAL_MS) * 1_000_000n;
      if (lastLoggedNs !== undefined && nowNs - lastLoggedNs < quiet) {
        notShown += 1;
        return;
      }
      lastLoggedNs = nowNs;
      logger.warn('connection-refused', { address, error, notShown });
      notShown = 0;
    },
  };
}

function listenFailure({ host, port }: ListenTlsOptions, cause: Error): OperationError {
  const context = { host, port };
  if (systemErrorCode(cause) === 'EADDRINUSE') {
    return new OperationError('PORT_IN_USE', `TCP port ${port} on ${host} is used by another program`, {
      hint: `find it with \`ss -ltnp sport = :${port}\` and stop it, or give this program another port`,
      context,
      cause,
    });
  }
  return new OperationError('LISTEN_FAILED', `cannot listen on TCP ${host}:${port}: ${cause.message}`, {
    hint: 'give an address of this machine and a port this program may use',
    context,
    cause,
  });
}
