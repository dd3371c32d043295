/**
 * Begins what goes on behind a server whose replication ends: its agent's orders and the giving back of its
 * staging.
 */
import { publicId } from '@landfall/runtime';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { insertJob } from '../store/jobs.ts';
import type { Queries } from '../store/schema.ts';

export interface Retirement {
  readonly server: SourceServerRecord;
  readonly jobId: string;
}

/** To be started with `service.jobs.start` once the transaction is over. */
export async function retire(
  { clock, random }: Service,
  tx: Queries,
  server: SourceServerRecord,
  desired: 'STOP' | 'UNINSTALL',
): Promise<Retirement> {
  const jobId = publicId('retirement-', random);
  const job = {
    jobId,
    type: 'RETIREMENT',
    initiatedBy: 'TERMINATE',
    status: 'PENDING',
    createdAtMs: clock.nowMs(),
    endedAtMs: null,
    tags: {},
    at: { kind: 'LATEST' },
  } as const;
  await insertJob(tx, job, [server.sourceServerId]);
  const state = desired === 'STOP' ? 'STOPPED' : 'DISCONNECTED';
  return { jobId, server: { ...server, replication: { ...server.replication, desired, state } } };
}
