/**
 * The agent's end of port 1500. The server is judged by our CA, its role and its id, never by a host name.
 */
import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { after, type Dial, OperationError, systemErrorCode } from '@landfall/runtime';
import { createFramedLink } from './framed-link.ts';
import type { Link } from './link.ts';
import { replicationServerMismatch, TLS_OPTIONS, untrusted } from './tls-peer.ts';

export interface ConnectTlsOptions {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Id of the replication server: its certificate's common name. */
  readonly serverName: string;
  /** For the connection, and once more for the handshake. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** The way there: straight, or through a proxy. Default: straight. */
  readonly dial?: Dial;
}

/**
 * A server that does not accept our certificate says so only after the handshake: it shows as
 * CERTIFICATE_REFUSED on the link. Errors: CONNECT_FAILED, CONNECT_TIMED_OUT, PEER_UNTRUSTED, PROXY_*.
 */
export async function connectTls(options: ConnectTlsOptions): Promise<Link> {
  const { host, port, timeoutMs, signal, dial } = options;
  try {
    const way = dial === undefined ? undefined : await dial({ host, port }, { timeoutMs, signal });
    return await shakeHands(options, way);
  } catch (error) {
    throw signal?.aborted ? signal.reason : connectFailure(options, error);
  }
}

function shakeHands(options: ConnectTlsOptions, way: Socket | undefined): Promise<Link> {
  const { host, port, ca, cert, key, serverName, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...TLS_OPTIONS,
      ...(way === undefined ? { host, port } : { socket: way }),
      ...{ ca, cert, key, servername: serverName },
      checkServerIdentity: (_host, certificate) => replicationServerMismatch(certificate, serverName),
    });
    const settle = () => {
      cancel();
      signal?.removeEventListener('abort', abort);
    };
    const fail = (error: unknown) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const abort = () => fail(signal?.reason);
    const cancel = after(timeoutMs, () => fail(timedOut(options)));
    signal?.addEventListener('abort', abort, { once: true });
    way?.on('error', (error) => socket.destroy(error));
    socket.on('error', fail);
    socket.once('secureConnect', () => {
      settle();
      socket.off('error', fail);
      prepare(socket);
      resolve(createFramedLink(socket));
    });
    if (signal?.aborted) abort();
  });
}

/** Small messages leave at once; a dead peer is noticed by the kernel too. */
export function prepare(socket: TLSSocket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
}

function timedOut({ host, port, timeoutMs }: ConnectTlsOptions): OperationError {
  const message = `the replication server at ${host}:${port} did not answer within ${timeoutMs} ms`;
  return new OperationError('CONNECT_TIMED_OUT', message, {
    hint: `check that TCP ${port} there can be reached from this server (firewall, route, address)`,
    retryable: true,
    context: { host, port },
  });
}

function connectFailure({ host, port }: ConnectTlsOptions, error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  const why = error instanceof Error ? error.message : String(error);
  if (isCertificateProblem(error)) return untrusted(why, error);
  return new OperationError(
    'CONNECT_FAILED',
    `cannot connect to the replication server at ${host}:${port}: ${why}`,
    {
      hint: `check that the replication server runs and that TCP ${port} can be reached from this server`,
      retryable: true,
      context: { host, port },
      cause: error,
    },
  );
}

/** Node names certificate problems by their OpenSSL verify codes. */
function isCertificateProblem(error: unknown): boolean {
  const code = systemErrorCode(error) ?? '';
  return /CERT|UNABLE_TO|SELF_SIGNED|CRL/.test(code) && !/ALERT/.test(code);
}
