/**
 * Tests only: an HTTP proxy that speaks CONNECT for real. It stands in for name resolution, so that a name
 * below `.invalid` is reached through it and in no other way; and it can misbehave in every way a test asks
 * for.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What the proxy does with a connection instead of its work. */
export type Misbehaviour = (socket: Socket) => void;

export interface TestProxy {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, with the credentials when it wants some. */
  readonly url: string;
  /** Targets as they were asked for, in order. */
  readonly asked: string[];
  /** Every header that came, whole. */
  readonly headers: string[];
  /** Connections that are open now. */
  readonly open: ReadonlySet<Socket>;
  misbehave(how: Misbehaviour | undefined): void;
  close(): Promise<void>;
}

export interface TestProxyOptions {
  /** `user:password`; without it anybody may. */
  readonly credentials?: string;
  /** Where the proxy connects for a name; other names are refused with 502. */
  readonly hosts: Readonly<Record<string, string>>;
}

export async function startTestProxy(options: TestProxyOptions): Promise<TestProxy> {
  const open = new Set<Socket>();
  const asked: string[] = [];
  const headers: string[] = [];
  let misbehaviour: Misbehaviour | undefined;
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    if (misbehaviour === undefined) serve(socket, options, { asked, headers });
    else misbehaviour(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const user = options.credentials === undefined ? '' : `${options.credentials}@`;
  return {
    port,
    url: `http://${user}127.0.0.1:${port}`,
    asked,
    headers,
    open,
    misbehave: (how) => {
      misbehaviour = how;
    },
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

interface Ledger {
  readonly asked: string[];
  readonly headers: string[];
}

function serve(socket: Socket, options: TestProxyOptions, ledger: Ledger): void {
  let header = '';
  const take = (chunk: Buffer) => {
    header += chunk.toString('latin1');
    if (!header.includes('\r\n\r\n')) return;
    socket.off('data', take);
    socket.pause();
    ledger.headers.push(header);
    answer(socket, header, options, ledger);
  };
  socket.on('data', take);
}

function answer(socket: Socket, header: string, options: TestProxyOptions, ledger: Ledger): void {
  const [, host = '', port = ''] = /^CONNECT \[?([^\]\s]+?)\]?:(\d+) HTTP\/1\.1\r\n/.exec(header) ?? [];
  if (host === '') return void socket.end('HTTP/1.1 405 Method Not Allowed\r\n\r\n');
  const wanted = options.credentials;
  const basic = wanted === undefined ? '' : `Basic ${Buffer.from(wanted).toString('base64')}`;
  if (wanted !== undefined && !header.includes(`\r\nProxy-Authorization: ${basic}\r\n`)) {
    return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
  }
  ledger.asked.push(`${host}:${port}`);
  const place = options.hosts[host];
  if (place === undefined) return void socket.end('HTTP/1.1 502 No such host\r\n\r\n');
  const far = connect({ host: place, port: Number(port) });
  far.once('connect', () => {
    socket.write('HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n');
    socket.pipe(far).pipe(socket);
  });
  far.on('error', () => socket.destroy());
  far.on('close', () => socket.destroy());
  socket.on('close', () => far.destroy());
}
