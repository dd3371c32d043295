/**
 * Servers of a test site by the dozen: records and reports as of agents that replicate, without a program for
 * each. Their barriers are answered here.
 */
import type { TestContext } from 'node:test';
import type { AgentReport, ReplicationServerReport } from '@landfall/channel';
import { initiationSteps } from '../lifecycle/initiation.ts';
import type { Service } from '../service.ts';
import { insertServer } from '../store/source-servers.ts';
import { cleanUpAfter } from './clean-up.ts';
import { serverRecord } from './server-records.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from './source-fixtures.ts';
import type { TestSite } from './test-site.ts';

const POLL_MS = 60_000;

/** Ready for a test, with a recovery point each; their ids. */
export async function addReadyServers(site: TestSite, count: number): Promise<readonly string[]> {
  const { store, reports, clock } = site.plane.current().service;
  const createdAtMs = clock.nowMs();
  const ids = Array.from({ length: count }, (_, index) => `s-${index.toString(16).padStart(17, '0')}`);
  await store.transaction(async (tx) => {
    for (const sourceServerId of ids) {
      const { programId: replicationServerId } = site.replication;
      const facts = { sourceServerId, createdAtMs, replicationServerId, state: 'READY_FOR_TEST' } as const;
      await insertServer(tx, serverRecord(facts));
    }
  });
  for (const id of ids) {
    site.replication.replicas.set(id, { epoch: 1 });
    reports.put<'agent'>(id, { atMs: createdAtMs, report: replicatingReport() });
  }
  return ids;
}

const ALL_DONE = {
  ...{ assigned: true, replicationServerSeen: true, paired: true, connected: true, firstBytes: true },
};
/** As many disks as a replication server takes. */
const SERVERS_PER_REPLICATION_SERVER = 15;

/** Thousands, each with the last reports of an agent and of a replication server, and no program at all. */
export async function addReportedServers(
  { store, reports, clock }: Service,
  count: number,
): Promise<readonly string[]> {
  const atMs = clock.nowMs();
  const ids = Array.from({ length: count }, (_, index) => `s-${index.toString(16).padStart(17, '0')}`);
  const homeOf = (index: number) => `rs-${Math.floor(index / SERVERS_PER_REPLICATION_SERVER)}`;
  await store.transaction(async (tx) => {
    for (const [index, sourceServerId] of ids.entries()) {
      const facts = { sourceServerId, createdAtMs: atMs, state: 'READY_FOR_TEST' } as const;
      const record = serverRecord({ ...facts, replicationServerId: homeOf(index) });
      const replication = { ...record.replication, steps: initiationSteps(ALL_DONE), firstByteAtMs: atMs };
      await insertServer(tx, { ...record, replication });
    }
  });
  for (const [index, id] of ids.entries()) {
    reports.put<'agent'>(id, { atMs, report: replicatingReport(index) });
    if (index % SERVERS_PER_REPLICATION_SERVER > 0) continue;
    const servers = ids.slice(index, index + SERVERS_PER_REPLICATION_SERVER).map(stagedReport);
    const volume = { stagingTotalBytes: 2 ** 40, stagingFreeBytes: 2 ** 39 };
    const report = { version: '0.1.0', host: homeOf(index), port: 1500, ...volume, servers };
    reports.put<'replication-server'>(homeOf(index), { atMs, report });
  }
  return ids;
}

function stagedReport(sourceServerId: string): ReplicationServerReport['servers'][number] {
  return {
    ...{ sourceServerId, connected: true, lastEpoch: 1, lastCutTimeMs: 1_700_000_000_500 },
    ...{ recoveryPoints: 1, bytesOnDisk: 1, bytesReceived: 1 },
  };
}

/** As their agents would, until the test ends. */
export function answerBarriers(t: TestContext, site: TestSite, ids: readonly string[]): void {
  const ending = new AbortController();
  const { commands } = site.plane.current().service;
  const answer = async (programId: string) => {
    while (!ending.signal.aborted) {
      for (const { commandId } of await commands.poll(programId, POLL_MS, ending.signal)) {
        const output = { epoch: 1, cutTimeMs: 1_700_000_000_500, consistency: 'CRASH_CONSISTENT' };
        commands.complete(programId, { commandId, ok: true, output });
      }
    }
  };
  const answering = Promise.all(ids.map(answer));
  cleanUpAfter(t, async () => {
    ending.abort();
    await answering;
  });
}

function replicatingReport(index = 0): AgentReport {
  return {
    ...{ version: '0.1.0', sourceProperties: SOURCE_PROPERTIES, disks: SOURCE_DISKS },
    replication: {
      ...{ state: 'CONTINUOUS', disks: [], lagMs: 400 + index, etaMs: 0, lastEpoch: 1, connected: true },
      ...{ bytesRead: 1, bytesSent: 1, firstSyncDurationMs: 1, lagP50Ms: 400, lagP99Ms: 900 },
    },
  };
}
