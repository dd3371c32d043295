/**
 * The NBD server: accepts connections, each of which is a handshake and then a transmission. One
 * connection's trouble is logged once and ends that connection; the server goes on.
 */
import { after, assert, BufferPool, type Logger, OperationError, systemErrorCode } from '@landfall/runtime';
import { ExportHolder, type NbdExports } from './export-holder.ts';
import { describeAddress, type NbdAddress } from './nbd-uri.ts';
import { negotiate } from './server-handshake.ts';
import { ServerTransmission } from './server-transmission.ts';
import { type Listener, listenOn } from './tcp-listener.ts';
import type { TcpStream } from './tcp-stream.ts';

const HANDSHAKE_TIMEOUT_MS_DEFAULT = 30_000;
const STALL_TIMEOUT_MS_DEFAULT = 300_000;
const CONNECTIONS_MAX_DEFAULT = 256;
const READ_UNIT_BYTES = 256 * 1024;
const FREE_UNITS_MAX = 64;

export interface NbdServerOptions {
  readonly exports: NbdExports;
  readonly logger: Logger;
  /** More are closed as they come. Default 256. */
  readonly connectionsMax?: number;
  /** Default 30 s. */
  readonly handshakeTimeoutMs?: number;
  /**
   * How long a client may do nothing in the middle of a message. Between messages there is no limit.
   * Default 5 min.
   */
  readonly stallTimeoutMs?: number;
}

export interface NbdServer {
  /** May be called for several addresses. Port 0: any free one. Errors: NBD_LISTEN_FAILED. */
  listen(address: NbdAddress): Promise<NbdAddress>;
  /** Ends all connections; resolves when no device is in use any more. */
  close(): Promise<void>;
  readonly connectionCount: number;
}

export function createNbdServer(options: NbdServerOptions): NbdServer {
  return new Server(options);
}

class Server implements NbdServer {
  readonly #options: NbdServerOptions;
  readonly #pool = new BufferPool({ unitBytes: READ_UNIT_BYTES, freeMax: FREE_UNITS_MAX });
  readonly #listeners: Listener[] = [];
  readonly #connections = new Map<TcpStream, Promise<void>>();
  #connectionsEver = 0;
  #closing = false;

  constructor(options: NbdServerOptions) {
    this.#options = options;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  async listen(address: NbdAddress): Promise<NbdAddress> {
    assert(!this.#closing, 'a closed server does not listen again');
    const stallTimeoutMs = this.#options.stallTimeoutMs ?? STALL_TIMEOUT_MS_DEFAULT;
    const onStream = (stream: TcpStream) => this.#accept(stream, describeAddress(address));
    const listener = await listenOn(address, { stallTimeoutMs, onStream });
    this.#listeners.push(listener);
    this.#options.logger.info('nbd-listening', { address: describeAddress(listener.address) });
    return listener.address;
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = this.#listeners.map((listener) => listener.close());
    for (const stream of this.#connections.keys()) stream.destroy(serverClosed());
    await Promise.all([...closed, ...this.#connections.values()]);
  }

  #accept(stream: TcpStream, address: string): void {
    this.#connectionsEver += 1;
    const logger = this.#options.logger.with({ address, connection: this.#connectionsEver });
    const connectionsMax = this.#options.connectionsMax ?? CONNECTIONS_MAX_DEFAULT;
    if (this.#connections.size >= connectionsMax) {
      logger.warn('nbd-connection-refused', { connectionsMax });
      stream.destroy(serverClosed());
      return;
    }
    const served = this.#serve(stream, logger).finally(() => this.#connections.delete(stream));
    this.#connections.set(stream, served);
  }

  /** Never rejects. */
  async #serve(stream: TcpStream, logger: Logger): Promise<void> {
    const holder = new ExportHolder(this.#options.exports, logger);
    try {
      await this.#converse(stream, holder, logger);
      stream.end();
    } catch (error) {
      if (!this.#closing) logEnd(logger, error);
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    await stream.closed;
    await holder.close().catch((error) => logger.error('nbd-export-not-closed', { error }));
  }

  async #converse(stream: TcpStream, holder: ExportHolder, logger: Logger): Promise<void> {
    const timeoutMs = this.#options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS_DEFAULT;
    const cancelTimeout = after(timeoutMs, () => stream.destroy(handshakeTooSlow(timeoutMs)));
    const negotiated = await negotiate(stream, holder).finally(cancelTimeout);
    if (negotiated === undefined) return;
    const { exportName } = negotiated;
    const transmission = new ServerTransmission(stream, negotiated, { pool: this.#pool, logger });
    logger.debug('nbd-export-opened', { exportName });
    await transmission.transmit();
    logger.debug('nbd-export-left', { exportName, ...transmission.facts });
  }
}

/**
 * A client that goes without a word is ordinary (a killed QEMU, a port probe); anything else deserves a
 * look.
 */
function logEnd(logger: Logger, error: unknown): void {
  if (systemErrorCode(error) === 'NBD_CONNECTION_LOST') logger.info('nbd-connection-lost', { error });
  else logger.warn('nbd-connection-dropped', { error });
}

function serverClosed(): OperationError {
  return new OperationError('NBD_CONNECTION_LOST', 'the NBD server closed the connection', {
    hint: 'connect again when the server is back',
    retryable: true,
  });
}

function handshakeTooSlow(timeoutMs: number): OperationError {
  const message = `an NBD client did not finish its handshake within ${timeoutMs} ms`;
  const hint = 'check that what connects here is an NBD client';
  return new OperationError('NBD_PEER_STALLED', message, { hint, retryable: true });
}
