/**
 * How a program reaches a TCP port: straight, or through the proxy that its settings name. The settings are
 * asked for at every connection, so that a change of them needs no restart.
 */
import { connect, type Socket } from 'node:net';
import { after } from './clock.ts';
import { OperationError } from './operation-error.ts';
import { bypassesProxy, type ConnectionTarget, type ProxySettings } from './proxy-settings.ts';
import { openProxyTunnel, type TunnelOptions } from './tcp-proxy-tunnel.ts';

export type DialOptions = TunnelOptions;

/**
 * A connection to the target. Errors: those of openProxyTunnel; without a proxy the system's own
 * (`ECONNREFUSED` …) and CONNECT_TIMED_OUT; the signal's reason when aborted.
 */
export type Dial = (target: ConnectionTarget, options: DialOptions) => Promise<Socket>;

const KEEP_ALIVE_MS = 30_000;

export function createDial(readSettings: () => Promise<ProxySettings | undefined>): Dial {
  return async (target, options) => {
    const proxy = await readSettings();
    const straight = proxy === undefined || bypassesProxy(proxy.exceptions, target);
    const socket = straight
      ? await connectStraight(target, options)
      : await openProxyTunnel(proxy, target, options);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return socket;
  };
}

function connectStraight(target: ConnectionTarget, { timeoutMs, signal }: DialOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const socket = connect({ host: target.host, port: target.port });
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
    const cancel = after(timeoutMs, () => fail(timedOut(target, timeoutMs)));
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('error', fail);
    socket.once('connect', () => {
      settle();
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

function timedOut({ host, port }: ConnectionTarget, timeoutMs: number): OperationError {
  return new OperationError('CONNECT_TIMED_OUT', `${host}:${port} did not answer within ${timeoutMs} ms`, {
    hint: `check that TCP ${port} there can be reached from this server (firewall, route, address)`,
    retryable: true,
    context: { host, port },
  });
}
