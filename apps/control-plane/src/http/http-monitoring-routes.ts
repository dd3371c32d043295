/**
 * For those who watch: whether the control plane lives, whether it can work, and its metrics. Probes and
 * scrapers cannot sign requests, so the first two are open and tell nothing but that; what is more asks for
 * the bearer token of the state folder.
 */
import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { isoDateTime } from '@landfall/api';
import { describeError } from '@landfall/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import { METRICS_CONTENT_TYPE } from '../metrics/exposition.ts';
import { measure } from '../metrics/service-metrics.ts';
import type { Service } from '../service.ts';
import { listPrograms } from '../store/programs.ts';

export interface MonitoringRoutesOptions {
  readonly service: Service;
  readonly closing: AbortSignal;
}

type Check = 'store' | 'certificateAuthority' | 'running';

export function registerMonitoringRoutes(
  app: FastifyInstance,
  { service, closing }: MonitoringRoutesOptions,
): void {
  const { facts } = service;
  app.get('/healthz', async () => ({ status: 'ok', version: facts.version }));
  app.get('/readyz', async (request, reply) => {
    const checks = await checkReadiness(service, closing);
    const isReady = Object.values(checks).every((state) => state === 'ok');
    const programs = isAuthorised(service, request) ? { programs: await showPrograms(service) } : {};
    const status = isReady ? 'ready' : 'not-ready';
    return reply
      .code(isReady ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status, checks, ...programs });
  });
  app.get('/metrics', async (request, reply) => {
    if (!isAuthorised(service, request)) {
      const hint = 'send the text of the file metrics-token of the state folder as a bearer token';
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorised', hint });
    }
    return reply.type(METRICS_CONTENT_TYPE).send(await measure(service));
  });
}

async function checkReadiness(
  service: Service,
  closing: AbortSignal,
): Promise<Readonly<Record<Check, 'ok' | 'failed'>>> {
  return {
    store: await checkStore(service),
    certificateAuthority: checkAuthority(service),
    running: closing.aborted ? 'failed' : 'ok',
  };
}

async function checkStore({ store, log }: Service): Promise<'ok' | 'failed'> {
  try {
    await store.db.selectFrom('setting').select('key').limit(1).execute();
    return 'ok';
  } catch (error) {
    log.error('store-not-ready', { error, explanation: describeError(error) });
    return 'failed';
  }
}

function checkAuthority({ authority, clock }: Service): 'ok' | 'failed' {
  const { validFrom, validTo } = new X509Certificate(authority.certificatePem);
  const nowMs = clock.nowMs();
  return Date.parse(validFrom) <= nowMs && nowMs < Date.parse(validTo) ? 'ok' : 'failed';
}

async function showPrograms({ store, reports, clock }: Service) {
  const programs = [
    ...(await listPrograms(store.db, 'replication-server')),
    ...(await listPrograms(store.db, 'launch-host')),
  ];
  return programs.map(({ programId, role }) => {
    const atMs = reports.last(role, programId)?.atMs;
    const seen = atMs === undefined ? {} : { lastSeenDateTime: isoDateTime(atMs) };
    const connected = atMs !== undefined && clock.nowMs() - atMs < AGENT_NOT_SEEN_MS;
    return { role, id: programId, connected, ...seen };
  });
}

/** Hashes are as long as each other, so the comparison tells nothing by its time. */
function isAuthorised({ metricsToken }: Service, { headers }: FastifyRequest): boolean {
  const [, shown = ''] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return timingSafeEqual(digest(shown), digest(metricsToken));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
