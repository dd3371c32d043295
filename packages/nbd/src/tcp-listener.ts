/**
 * Listening on a TCP port or a Unix socket file. The socket file is for the owner alone (0600), and
 * replaces one that a process left behind which is no more; one that is in use, and anything that is not a
 * socket, is left alone.
 */
import { lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { OperationError, systemErrorCode } from '@landfall/runtime';
import { describeAddress, type NbdAddress } from './nbd-uri.ts';
import { TcpStream } from './tcp-stream.ts';

const OTHERS_HAVE_NO_ACCESS = 0o177;

export interface Listener {
  /** With the port the system chose when 0 was asked for. */
  readonly address: NbdAddress;
  /** Takes no more connections; those there are go on. */
  close(): Promise<void>;
}

export interface Accepting {
  readonly stallTimeoutMs: number;
  readonly onStream: (stream: TcpStream) => void;
}

/** Errors: NBD_LISTEN_FAILED. */
export async function listenOn(address: NbdAddress, accepting: Accepting): Promise<Listener> {
  const { stallTimeoutMs, onStream } = accepting;
  if ('socketPath' in address) await removeStaleSocket(address);
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    onStream(new TcpStream(socket, stallTimeoutMs)),
  );
  await startListening(server, address);
  const closed = new Promise<void>((resolve) => {
    server.on('close', resolve);
  });
  const close = () => {
    server.close();
    return closed;
  };
  return { address: boundAddress(server, address), close };
}

function startListening(server: Server, address: NbdAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenFailed(address, cause.message, cause)));
    server.once('listening', resolve);
    // The file is made within `listen`: the mask is back before anything else runs.
    const umask = process.umask(OTHERS_HAVE_NO_ACCESS);
    try {
      if ('socketPath' in address) server.listen(address.socketPath);
      else server.listen(address.port, address.host);
    } finally {
      process.umask(umask);
    }
  });
}

function boundAddress(server: Server, asked: NbdAddress): NbdAddress {
  const bound = server.address();
  if ('socketPath' in asked || bound === null || typeof bound === 'string') return asked;
  return { host: asked.host, port: bound.port };
}

async function removeStaleSocket(address: { readonly socketPath: string }): Promise<void> {
  const { socketPath } = address;
  const status = await lstat(socketPath).catch((error) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw listenFailed(address, error.message, error);
  });
  if (status === undefined) return;
  if (!status.isSocket()) throw listenFailed(address, 'there is something that is not a socket');
  if (await isAnswered(socketPath)) throw listenFailed(address, 'another process listens there');
  await unlink(socketPath);
}

function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const answer = (answered: boolean) => () => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', answer(true));
    socket.once('error', (error) => answer(systemErrorCode(error) !== 'ECONNREFUSED')());
  });
}

function listenFailed(address: NbdAddress, why: string, cause?: unknown): OperationError {
  const where = describeAddress(address);
  return new OperationError('NBD_LISTEN_FAILED', `cannot listen for NBD clients on ${where}: ${why}`, {
    hint: 'stop the other process, or choose another port or socket path',
    context: { address: where },
    cause,
  });
}
