/**
 * Where a machine goes: the launch host with the most free memory among those heard of lately, else any
 * enrolled one.
 */
import { OperationError } from '@landfall/runtime';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import type { Service } from '../service.ts';
import { listPrograms, type ProgramRecord } from '../store/programs.ts';

/** `preferred`: when it was heard of lately. */
export async function chooseLaunchHost(
  { store, reports, clock }: Service,
  preferred?: string,
): Promise<ProgramRecord> {
  const hosts = await listPrograms(store.db, 'launch-host');
  const freeBytes = ({ programId }: ProgramRecord) => {
    const seen = reports.last('launch-host', programId);
    const isHere = seen !== undefined && clock.nowMs() - seen.atMs < AGENT_NOT_SEEN_MS;
    if (isHere && programId === preferred) return Number.POSITIVE_INFINITY;
    return isHere ? seen.report.freeMemoryBytes : -1;
  };
  const [best] = hosts.toSorted((left, right) => freeBytes(right) - freeBytes(left));
  if (best !== undefined) return best;
  throw new OperationError(
    'LAUNCH_HOST_MISSING',
    'no launch host is enrolled, so there is nowhere to launch to',
    {
      hint: 'start a launch host (`landfall up` starts one) and launch again',
    },
  );
}
