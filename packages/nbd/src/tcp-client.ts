/** Connecting to an export of any NBD server that speaks fixed newstyle. */
import { connect, type Socket } from 'node:net';
import { after, OperationError } from '@landfall/runtime';
import { type Agreement, agree } from './client-handshake.ts';
import { ClientTransmission } from './client-transmission.ts';
import { NbdDevice, WritableNbdDevice } from './nbd-device.ts';
import { describeAddress, type NbdAddress, type NbdLocation, parseNbdUri } from './nbd-uri.ts';
import { TRANSMISSION_FLAG } from './protocol.ts';
import { TcpStream } from './tcp-stream.ts';

const CONNECT_TIMEOUT_MS_DEFAULT = 10_000;
const REQUEST_TIMEOUT_MS_DEFAULT = 60_000;

export interface NbdConnectOptions {
  /** For connecting and the handshake together. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** For each request; one that takes longer ends the connection. Default 60 s. */
  readonly requestTimeoutMs?: number;
}

/**
 * The export as a device: a `WritableNbdDevice` (see `isWritable`) when the server lets it be written.
 * Errors: NBD_URI_INVALID, NBD_CONNECT_FAILED, NBD_EXPORT_REFUSED, NBD_PROTOCOL_VIOLATION, NBD_TIMEOUT.
 */
export async function connectNbd(
  location: string | NbdLocation,
  options: NbdConnectOptions = {},
): Promise<NbdDevice> {
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS_DEFAULT, requestTimeoutMs = REQUEST_TIMEOUT_MS_DEFAULT } =
    options;
  const target = typeof location === 'string' ? parseNbdUri(location) : location;
  const socket = openSocket(target);
  const tooSlow = connectTimedOut(target, connectTimeoutMs);
  const cancelTimeout = after(connectTimeoutMs, () => socket.destroy(tooSlow));
  try {
    await connected(socket, target);
    const stream = new TcpStream(socket, requestTimeoutMs);
    const agreement = await agree(stream, target.exportName);
    return makeDevice(stream, { exportName: target.exportName, agreement, requestTimeoutMs });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    cancelTimeout();
  }
}

function openSocket(address: NbdAddress): Socket {
  if ('socketPath' in address) return connect({ path: address.socketPath, allowHalfOpen: true });
  return connect({ host: address.host, port: address.port, allowHalfOpen: true });
}

function connected(socket: Socket, address: NbdAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) => {
      reject(cause instanceof OperationError ? cause : connectFailed(address, cause));
    });
  });
}

function makeDevice(
  stream: TcpStream,
  facts: { exportName: string; agreement: Agreement; requestTimeoutMs: number },
): NbdDevice {
  const { exportName, agreement, requestTimeoutMs } = facts;
  const { allocationId, transmissionFlags } = agreement;
  const transmission = new ClientTransmission(stream, { allocationId, requestTimeoutMs });
  const needed = TRANSMISSION_FLAG.SEND_FLUSH | TRANSMISSION_FLAG.SEND_WRITE_ZEROES;
  const readOnly = (transmissionFlags & TRANSMISSION_FLAG.READ_ONLY) !== 0;
  const writable = !readOnly && (transmissionFlags & needed) === needed;
  const connection = { exportName, agreement, transmission };
  return writable ? new WritableNbdDevice(connection) : new NbdDevice(connection);
}

function connectFailed(address: NbdAddress, cause: Error): OperationError {
  const where = describeAddress(address);
  return new OperationError(
    'NBD_CONNECT_FAILED',
    `cannot connect to the NBD server at ${where}: ${cause.message}`,
    {
      hint: 'check that the server runs and that the address is right',
      retryable: true,
      context: { address: where },
      cause,
    },
  );
}

function connectTimedOut(address: NbdAddress, timeoutMs: number): OperationError {
  const where = describeAddress(address);
  const message = `the NBD server at ${where} did not finish the handshake within ${timeoutMs} ms`;
  return new OperationError('NBD_TIMEOUT', message, {
    hint: 'check that an NBD server, and not something else, listens there',
    retryable: true,
    context: { address: where },
  });
}
