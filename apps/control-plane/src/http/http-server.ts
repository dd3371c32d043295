/**
 * The one listener: installer, channel and public API over TLS. The socket is bound first, so that a taken
 * port is told before anything else happens and port 0 can be used by tests.
 *
 * H2 Slow clients are cut off: headers and body have their time, bodies their size.
 * H3 A request that comes before the routes are there waits for them: programs that lost the control plane
 *    are back before its store is open.
 */
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { OperationError, systemErrorCode } from '@landfall/runtime';
import { type FastifyInstance, type FastifyServerFactory, type FastifyServerOptions, fastify } from 'fastify';
import type { KeyAndCertificate } from '../identity/certificate-authority.ts';
import type { Service } from '../service.ts';
import type { ConsolePages } from './file-console-pages.ts';
import { registerChannelRoutes } from './http-channel-routes.ts';
import { registerConsoleRoutes } from './http-console-routes.ts';
import { registerInstallerRoutes } from './http-installer-routes.ts';
import { registerMonitoringRoutes } from './http-monitoring-routes.ts';
import { registerOpenApiRoute } from './http-openapi-route.ts';
import { answerPublicApi, sendApiError } from './http-public-api.ts';
import { answerUnreadable } from './http-unreadable-request.ts';

const BODY_BYTES_MAX = 1024 * 1024;
const SLOWNESS: Slowness = { headersMsMax: 15_000, requestMsMax: 60_000, checkEveryMs: 5000 };
const KEEP_ALIVE_MS = 65_000;
const TLS_HANDSHAKE_MS_MAX = 15_000;
/** Each of 4,000 agents has two: one for reports, one that waits for commands. */
const CONNECTIONS_MAX = 16_384;

export interface Listener {
  readonly server: Server;
  readonly port: number;
  /** Open connections, those in their handshake too, of which the server itself does not know. */
  readonly sockets: ReadonlySet<Socket>;
  /** H3. Called once. */
  answerWith(handler: RequestListener): void;
}

export interface Slowness {
  readonly headersMsMax: number;
  readonly requestMsMax: number;
  readonly checkEveryMs: number;
}

export interface Credentials extends KeyAndCertificate {
  readonly caPem: string;
}

export interface ListenOptions extends Credentials {
  readonly host: string;
  readonly port: number;
  readonly slowness?: Slowness;
}

/** Errors: PORT_IN_USE, ADDRESS_UNUSABLE. */
export function listen(options: ListenOptions): Promise<Listener> {
  const { headersMsMax, requestMsMax, checkEveryMs } = options.slowness ?? SLOWNESS;
  const server = createServer({
    ...secureContext(options),
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: TLS_HANDSHAKE_MS_MAX,
    headersTimeout: headersMsMax,
    requestTimeout: requestMsMax,
    connectionsCheckingInterval: checkEveryMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.maxConnections = CONNECTIONS_MAX;
  const sockets = followSockets(server);
  const answerWith = holdRequests(server);
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, options)));
    server.listen(options.port, options.host, () => {
      server.removeAllListeners('error');
      resolve({ server, port: (server.address() as AddressInfo).port, sockets, answerWith });
    });
  });
}

/** New connections from now on are answered with these; open ones stay. */
export function renewCredentials({ server }: Listener, credentials: Credentials): void {
  server.setSecureContext(secureContext(credentials));
}

function secureContext({ privateKeyPem, certificatePem, caPem }: Credentials) {
  return { key: privateKeyPem, cert: certificatePem, ca: caPem, minVersion: 'TLSv1.2' } as const;
}

export interface AppOptions {
  readonly service: Service;
  readonly agentBinary: string | undefined;
  readonly consolePages?: ConsolePages | undefined;
  readonly closing: AbortSignal;
}

/** The routes, on a listener or, without one, for `inject`. */
export async function createApp(options: AppOptions, listener?: Listener): Promise<FastifyInstance> {
  const { service } = options;
  const base: FastifyServerOptions = {
    bodyLimit: BODY_BYTES_MAX,
    logger: false,
    genReqId: () => service.random.uuid(),
    requestIdHeader: false,
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) => {
      sendApiError(service, error, request, reply);
    },
    clientErrorHandler: (error, socket) => answerUnreadable(service, error, socket),
  };
  const door = listener && doorOf(listener);
  const app = fastify(door === undefined ? base : { ...base, serverFactory: door.serverFactory });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-amzn-requestid', request.id);
  });
  app.setErrorHandler((error, request, reply) => sendApiError(service, error, request, reply));
  app.register(async (channel) => registerChannelRoutes(channel, options), { prefix: '/channel' });
  registerInstallerRoutes(app, options);
  registerConsoleRoutes(app, options);
  registerMonitoringRoutes(app, options);
  registerOpenApiRoute(app, service);
  app.setNotFoundHandler((request, reply) => answerPublicApi(service, request, reply));
  await app.ready();
  door?.open();
  return app;
}

/** H3. Fastify hands its handler over before it has any route. */
function doorOf(listener: Listener) {
  let answer: RequestListener | undefined;
  const serverFactory: FastifyServerFactory = (handler) => {
    answer = handler;
    return listener.server;
  };
  const open = () => {
    if (answer !== undefined) listener.answerWith(answer);
  };
  return { serverFactory, open };
}

/** H3 */
function holdRequests(server: Server): Listener['answerWith'] {
  const held: Parameters<RequestListener>[] = [];
  const hold: RequestListener = (...exchange) => void held.push(exchange);
  server.on('request', hold);
  return (handler) => {
    server.off('request', hold).on('request', handler);
    for (const exchange of held.splice(0)) handler(...exchange);
  };
}

export function closeListener({ server, sockets }: Listener): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

function followSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function listenError(cause: unknown, { host, port }: ListenOptions): OperationError {
  if (systemErrorCode(cause) === 'EADDRINUSE') {
    return new OperationError('PORT_IN_USE', `port ${port} of ${host} is already taken`, {
      hint: `find out by whom with \`ss -ltnp sport = :${port}\`, or give another --port`,
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OperationError('ADDRESS_UNUSABLE', `cannot listen on ${host} port ${port}: ${reason}`, {
    hint: 'give an address of this machine as --listen, and a port this user may open',
    cause,
  });
}
