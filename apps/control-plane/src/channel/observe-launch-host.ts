/** A launch host's report: what it can give, and how its machines are. */
import type { LaunchHostConfiguration, LaunchHostReport } from '@landfall/channel';
import { observeLife } from '../boot-proofs/observe-life.ts';
import { keptNamesFor } from '../boot-proofs/verified-points.ts';
import type { Service } from '../service.ts';

export async function observeLaunchHost(
  service: Service,
  launchHostId: string,
  report: LaunchHostReport,
): Promise<LaunchHostConfiguration> {
  const { clock, reports, events, log } = service;
  const before = reports.last('launch-host', launchHostId);
  const isFirst = before === undefined;
  if (isFirst) log.info('launch-host-seen', { launchHostId, accelerator: report.accelerator });
  reports.put<'launch-host'>(launchHostId, { atMs: clock.nowMs(), report });
  reports.save(launchHostId, isFirst);
  await events.launchHostReported(before?.report, report);
  await observeLife(service, report.machines);
  return { keptConversions: await keptNamesFor(service, launchHostId) };
}
