/**
 * A way through an HTTP proxy: CONNECT, as RFC 9110 section 9.3.6 has it. What comes out is a TCP connection
 * to the target; TLS goes through it from end to end, so the proxy sees names and sizes, and neither pins nor
 * certificates know of it.
 *
 * T1 The proxy is not trusted: of its answer at most HEADER_BYTES_MAX are taken, by one deadline for all of
 *    connect and answer, so a proxy that dribbles costs no more than one that is mute.
 * T2 Whatever ends the attempt also ends the socket.
 * T3 The password goes to the proxy and nowhere else.
 */
import { connect, type Socket } from 'node:net';
import { after } from './clock.ts';
import { OperationError } from './operation-error.ts';
import { authority, type ConnectionTarget, describeProxy, type ProxySettings } from './proxy-settings.ts';

export const HEADER_BYTES_MAX = 16 * 1024;
const STATUS_LINE_CHARACTERS_MAX = 200;
const HEADER_END = '\r\n\r\n';

export interface TunnelOptions {
  /** For everything until the tunnel is open. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Errors: PROXY_UNREACHABLE, PROXY_TIMED_OUT, PROXY_AUTHENTICATION_REQUIRED, PROXY_REFUSED,
 * PROXY_ANSWER_INVALID, PROXY_TARGET_INVALID; the signal's reason when aborted.
 */
export function openProxyTunnel(
  proxy: ProxySettings,
  target: ConnectionTarget,
  options: TunnelOptions,
): Promise<Socket> {
  const request = connectRequest(proxy, target);
  const { timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const attempt = { proxy, target };
    const socket = connect({ host: proxy.host, port: proxy.port });
    let connected = false;
    const settle = () => {
      cancel();
      signal?.removeEventListener('abort', abort);
      socket.off('error', lost);
      socket.off('end', lost);
      socket.off('close', lost);
      socket.off('readable', read);
    };
    const fail = (error: unknown) => {
      settle();
      socket.on('error', () => socket.destroy()); // It is given up; what else befalls it is nobody's news.
      socket.destroy();
      reject(error);
    };
    const abort = () => fail(signal?.reason);
    const lost = (cause?: unknown) => fail(connected ? cutOff(attempt, cause) : unreachable(attempt, cause));
    const cancel = after(timeoutMs, () => fail(timedOut(attempt, timeoutMs)));
    const take = headerReader();
    const read = () => {
      try {
        const header = take(socket);
        if (header === undefined) return;
        checkAnswer(attempt, header);
        settle();
        resolve(socket);
      } catch (error) {
        fail(error instanceof OperationError ? error : cutOff(attempt, error));
      }
    };
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('error', lost);
    socket.on('end', lost);
    socket.on('close', lost);
    socket.on('readable', read);
    socket.once('connect', () => {
      connected = true;
      socket.write(request);
    });
  });
}

function connectRequest({ user, password = '' }: ProxySettings, target: ConnectionTarget): string {
  // The name of a replication server comes over the network: it must not become a header of its own.
  if (!/^[\w.:%-]{1,255}$/.test(target.host)) throw invalidTarget(target);
  const place = authority(target);
  const lines = [`CONNECT ${place} HTTP/1.1`, `Host: ${place}`];
  if (user !== undefined) {
    const credentials = Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
    lines.push(`Proxy-Authorization: Basic ${credentials}`);
  }
  return lines.join('\r\n') + HEADER_END;
}

/** Collects until the header is whole; what came after it is put back, because it belongs to the target. */
function headerReader(): (socket: Socket) => string | undefined {
  let taken = Buffer.alloc(0);
  return (socket) => {
    for (;;) {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return undefined;
      taken = Buffer.concat([taken, chunk]);
      const end = taken.indexOf(HEADER_END);
      const headerBytes = end < 0 ? taken.length : end;
      if (headerBytes > HEADER_BYTES_MAX) throw new Error(`its header is over ${HEADER_BYTES_MAX} bytes`);
      if (end < 0) continue;
      const rest = taken.subarray(end + HEADER_END.length);
      if (rest.length > 0) socket.unshift(rest);
      return taken.subarray(0, end).toString('latin1');
    }
  };
}

interface Attempt {
  readonly proxy: ProxySettings;
  readonly target: ConnectionTarget;
}

function checkAnswer(attempt: Attempt, header: string): void {
  const [line = ''] = header.split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1];
  if (status === undefined) throw cutOff(attempt, new Error(`it begins with ${shown(line)}`));
  if (status.startsWith('2')) return;
  throw status === '407' ? authenticationRequired(attempt) : refused(attempt, line);
}

/** Printable and short: it comes from a stranger and goes into logs. */
function shown(line: string): string {
  return JSON.stringify(line.slice(0, STATUS_LINE_CHARACTERS_MAX).replace(/[^ -~]/g, '?'));
}

function contextOf({ proxy, target }: Attempt) {
  return { proxyHost: proxy.host, proxyPort: proxy.port, host: target.host, port: target.port };
}

function unreachable(attempt: Attempt, cause: unknown): OperationError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  const message = `cannot connect to the proxy ${describeProxy(attempt.proxy)}${why}`;
  return new OperationError('PROXY_UNREACHABLE', message, {
    hint: 'check its address and port; change it with `landfall-agent configure --proxy http://host:port`',
    retryable: true,
    context: contextOf(attempt),
    cause,
  });
}

function timedOut(attempt: Attempt, timeoutMs: number): OperationError {
  const { proxy, target } = attempt;
  const message = `the proxy ${describeProxy(proxy)} opened no way to ${authority(target)} in ${timeoutMs} ms`;
  return new OperationError('PROXY_TIMED_OUT', message, {
    hint: 'check that the proxy works and that it can reach the target itself',
    retryable: true,
    context: contextOf(attempt),
  });
}

function authenticationRequired(attempt: Attempt): OperationError {
  const { user } = attempt.proxy;
  const given = user === undefined ? 'none were given' : `those of ${JSON.stringify(user)} are not accepted`;
  const message = `the proxy ${describeProxy(attempt.proxy)} wants a user and a password; ${given}`;
  return new OperationError('PROXY_AUTHENTICATION_REQUIRED', message, {
    hint: '`landfall-agent configure --proxy http://user:password@host:port` (Basic authentication)',
    retryable: true,
    context: contextOf(attempt),
  });
}

function refused(attempt: Attempt, line: string): OperationError {
  const { proxy, target } = attempt;
  const message = `the proxy ${describeProxy(proxy)} refuses ${authority(target)}: ${shown(line)}`;
  return new OperationError('PROXY_REFUSED', message, {
    hint: `have the proxy allow CONNECT to TCP port ${target.port}, and check that it can reach the target`,
    retryable: true,
    context: contextOf(attempt),
  });
}

function cutOff(attempt: Attempt, cause: unknown): OperationError {
  const why = cause instanceof Error ? cause.message : 'it ended the connection before it answered';
  const message = `what answers at ${describeProxy(attempt.proxy)} is not an HTTP proxy that can be used: ${why}`;
  return new OperationError('PROXY_ANSWER_INVALID', message, {
    hint: 'check that the address is that of an HTTP proxy (not of a web server, HTTPS or SOCKS proxy)',
    retryable: true,
    context: contextOf(attempt),
    cause,
  });
}

function invalidTarget({ host }: ConnectionTarget): OperationError {
  return new OperationError('PROXY_TARGET_INVALID', `${shown(host)} is not the name of a server`, {
    hint: 'start the replication server with a plain host name or address as --address',
  });
}
