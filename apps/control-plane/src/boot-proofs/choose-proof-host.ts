/** Where a proof of boot is made: the launch host with the most free memory that has none. */
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import type { Service } from '../service.ts';
import { listPrograms } from '../store/programs.ts';

export type HostChoice = { readonly launchHostId: string } | { readonly waitsFor: string };

export async function chooseProofHost(
  { store, reports, clock }: Service,
  busy: ReadonlySet<string>,
): Promise<HostChoice> {
  const enrolled = await listPrograms(store.db, 'launch-host');
  if (enrolled.length === 0) return { waitsFor: 'no launch host is enrolled; `landfall up` starts one' };
  const here = enrolled.flatMap(({ programId }) => {
    const seen = reports.last('launch-host', programId);
    const isHere = seen !== undefined && clock.nowMs() - seen.atMs < AGENT_NOT_SEEN_MS;
    return isHere ? [{ programId, freeBytes: seen.report.freeMemoryBytes }] : [];
  });
  if (here.length === 0) return { waitsFor: 'no launch host was heard of lately; check that it runs' };
  const free = here.filter(({ programId }) => !busy.has(programId));
  const [best] = free.toSorted((one, other) => other.freeBytes - one.freeBytes);
  return best === undefined
    ? { waitsFor: 'the launch host proves another server' }
    : { launchHostId: best.programId };
}
