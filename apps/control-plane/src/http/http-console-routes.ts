/**
 * The console: files that anybody may fetch, because they hold nothing. What it shows it asks the public API
 * for, signed by who signed in there; it has no way in of its own, and no cookie.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Service } from '../service.ts';
import { type ConsolePages, INDEX, readConsoleFile } from './file-console-pages.ts';
import { answerPublicApi } from './http-public-api.ts';

export interface ConsoleRoutesOptions {
  readonly service: Service;
  /** Absent: this control plane serves none. */
  readonly consolePages?: ConsolePages | undefined;
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // Screens of machines come as text.
  "img-src 'self' data:",
  "object-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
].join('; ');

const SECURITY_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const A_YEAR_SECONDS = 31_536_000;

export function registerConsoleRoutes(app: FastifyInstance, options: ConsoleRoutesOptions): void {
  const { service, consolePages } = options;
  app.get('/', async (request, reply) => {
    if (!isBrowser(request)) return answerPublicApi(service, request, reply);
    return reply.redirect('/console/', 302);
  });
  app.get('/console', async (_request, reply) => reply.redirect('/console/', 302));
  app.get('/console/service.json', async (_request, reply) => {
    const { region, version, publicUrl } = service.facts;
    return reply
      .headers({ ...SECURITY_HEADERS, 'cache-control': 'no-cache' })
      .send({ region, version, publicUrl });
  });
  app.get('/console/*', async (request, reply) => {
    const { '*': name = '' } = request.params as Readonly<Record<string, string>>;
    return sendPage(consolePages, name, request, reply);
  });
}

/** A signed GET of `/` is one of STS. */
function isBrowser({ headers }: FastifyRequest): boolean {
  return headers.authorization === undefined && (headers.accept ?? '').includes('text/html');
}

async function sendPage(
  pages: ConsolePages | undefined,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  reply.headers(SECURITY_HEADERS);
  if (pages === undefined) return reply.code(404).type('text/plain; charset=utf-8').send(NOT_SERVED);
  // An address inside the console is a page of it; one of an asset that is gone is not.
  const file = pages.get(name) ?? (name.startsWith('assets/') ? undefined : pages.get(INDEX));
  if (file === undefined)
    return reply.code(404).type('text/plain; charset=utf-8').send('There is no such file.\n');
  const accepted = request.headers['accept-encoding'];
  const { coding, content } = await readConsoleFile(file, String(accepted ?? ''));
  reply.headers({
    'cache-control': file.isImmutable ? `public, max-age=${A_YEAR_SECONDS}, immutable` : 'no-cache',
    vary: 'accept-encoding',
    ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
  });
  return reply.type(file.contentType).send(content);
}

const NOT_SERVED = `This control plane serves no console: it was started without --console-dir.
The command line does everything the console does: landfall --help
`;
