/**
 * What there is and how it is, measured when somebody asks.
 *
 * P1  Series are bounded: those of single servers are told of `SERVERS_TOLD_MAX` servers at most, and how
 *     many were left out is a metric of its own.
 * P2  Askers who come at once share one measurement.
 */
import { viewServer } from '../channel/observe-replication.ts';
import type { ReplicationView } from '../lifecycle/replication-view.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { countJobs, listLastVerified } from '../store/counts.ts';
import { listPrograms } from '../store/programs.ts';
import { listActiveServersAfter } from '../store/source-servers.ts';
import { countQueued } from '../store/webhook-deliveries.ts';
import { listWebhooks } from '../store/webhooks.ts';
import { type Family, type Sample, writeExposition } from './exposition.ts';

export const SERVERS_TOLD_MAX = 5000;
const PAGE_SERVERS = 500;
const SERVER_LABEL = 'source_server_id';

const measuring = new WeakMap<Service['metrics'], Promise<string>>();

/** P2 */
export function measure(service: Service): Promise<string> {
  const known = measuring.get(service.metrics);
  if (known !== undefined) return known;
  const text = measureAll(service).finally(() => measuring.delete(service.metrics));
  measuring.set(service.metrics, text);
  return text;
}

async function measureAll(service: Service): Promise<string> {
  return writeExposition([
    gauge('landfall_build_info', 'The version that runs.', [
      { labels: { version: service.facts.version }, value: 1 },
    ]),
    ...(await serverFamilies(service)),
    await jobFamily(service),
    ...(await stagingFamilies(service)),
    ...(await tellingFamilies(service)),
    ...service.metrics.families(),
  ]);
}

interface Measured {
  readonly server: SourceServerRecord;
  readonly view: ReplicationView;
}

async function serverFamilies(service: Service): Promise<readonly Family[]> {
  const measured = await measureServers(service);
  const told = measured.slice(0, SERVERS_TOLD_MAX);
  const verified = await listLastVerified(service.store.db);
  const nowMs = service.clock.nowMs();
  return [
    gauge(
      'landfall_source_servers',
      'Source servers that are not archived, by state of their life cycle.',
      countBy(measured, 'state', ({ server }) => server.lifeCycle.state),
    ),
    gauge(
      'landfall_source_servers_replicating',
      'Source servers that are not archived, by state of their data replication.',
      countBy(measured, 'state', ({ view }) => view.state),
    ),
    perServer('landfall_replication_lag_seconds', 'Age of the newest durable state.', told, ({ view }) =>
      view.lagMs === null ? undefined : view.lagMs / 1000,
    ),
    perServer('landfall_replication_backlog_bytes', 'Not yet replicated.', told, ({ view }) =>
      view.disks.reduce((sum, disk) => sum + disk.backloggedStorageBytes, 0),
    ),
    perServer(
      'landfall_boot_proof_age_seconds',
      'Since the newest proof that the server boots was begun; absent when there is none.',
      told,
      ({ server }) => {
        const atMs = verified.get(server.sourceServerId);
        return atMs === undefined ? undefined : Math.max(0, nowMs - atMs) / 1000;
      },
    ),
    gauge('landfall_source_servers_left_out', 'Servers that have no series of their own here.', [
      { value: measured.length - told.length },
    ]),
  ];
}

/** In pages, so that thousands of servers do not keep everybody else waiting. */
async function measureServers(service: Service): Promise<readonly Measured[]> {
  const all: Measured[] = [];
  for (let after = ''; ; ) {
    const page = await listActiveServersAfter(service.store.db, after, PAGE_SERVERS);
    all.push(...page.map((server) => ({ server, view: viewServer(service, server) })));
    const last = page.at(-1);
    if (page.length < PAGE_SERVERS || last === undefined) return all;
    after = last.sourceServerId;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function jobFamily({ store }: Service): Promise<Family> {
  const counts = await countJobs(store.db);
  const samples = counts.map(({ type, status, count }) => ({ labels: { type, status }, value: count }));
  return gauge('landfall_jobs', 'Jobs that are kept, by type and status.', samples);
}

async function stagingFamilies({ store, reports }: Service): Promise<readonly Family[]> {
  const programs = [
    ...(await listPrograms(store.db, 'replication-server')),
    ...(await listPrograms(store.db, 'launch-host')),
  ];
  const seen = programs.flatMap(({ programId, role }) => {
    const atMs = reports.last(role, programId)?.atMs;
    return atMs === undefined ? [] : [{ labels: { role, program_id: programId }, value: atMs / 1000 }];
  });
  const staging = programs.flatMap(({ programId, role }) => {
    const report = reports.last('replication-server', programId)?.report;
    if (role !== 'replication-server' || report === undefined) return [];
    return [{ labels: { replication_server_id: programId }, report }];
  });
  const used = staging.map(({ labels, report: { stagingTotalBytes, stagingFreeBytes } }) => ({
    ...{ labels, value: stagingTotalBytes - stagingFreeBytes },
  }));
  const free = staging.map(({ labels, report }) => ({ labels, value: report.stagingFreeBytes }));
  return [
    gauge('landfall_staging_used_bytes', 'Of the volume that holds replicas.', used),
    gauge('landfall_staging_free_bytes', 'Of the volume that holds replicas.', free),
    gauge(
      'landfall_program_last_report_timestamp_seconds',
      'When a replication server or launch host was last heard of.',
      seen,
    ),
  ];
}

async function tellingFamilies({ store, streams, events }: Service): Promise<readonly Family[]> {
  const webhooks = await listWebhooks(store.db);
  const queued: Sample[] = [];
  for (const { webhookId } of webhooks) {
    const labels = { webhook_id: webhookId };
    queued.push({ labels, value: await countQueued(store.db, webhookId) });
  }
  const dropped = webhooks.map(({ webhookId, dropped: value }) => ({
    labels: { webhook_id: webhookId },
    value,
  }));
  return [
    gauge('landfall_event_streams', 'Event streams that are open.', [{ value: streams.count }]),
    gauge('landfall_events_kept', 'Events a reader may go on from.', [{ value: events.log.size }]),
    gauge('landfall_webhook_queued_deliveries', 'Deliveries that wait for an attempt.', queued),
    {
      ...{ type: 'counter', name: 'landfall_webhook_dropped_events_total', samples: dropped },
      help: 'Events that found the queue of a webhook full.',
    },
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { type: 'gauge', name, help, samples };
}

function perServer(
  name: string,
  help: string,
  measured: readonly Measured[],
  measureOf: (one: Measured) => number | undefined,
): Family {
  const samples = measured.flatMap((one) => {
    const value = measureOf(one);
    return value === undefined ? [] : [{ labels: { [SERVER_LABEL]: one.server.sourceServerId }, value }];
  });
  return gauge(name, help, samples);
}

function countBy(
  measured: readonly Measured[],
  label: string,
  keyOf: (one: Measured) => string,
): readonly Sample[] {
  const groups = Map.groupBy(measured, keyOf);
  return [...groups].map(([key, { length }]) => ({ labels: { [label]: key }, value: length }));
}
