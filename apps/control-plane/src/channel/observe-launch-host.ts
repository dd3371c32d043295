/** A launch host's report: what it can give, and how its machines are. */
import type { LaunchHostConfiguration, LaunchHostReport } from '@landfall/channel';
import type { Service } from '../service.ts';

export async function observeLaunchHost(
  { store, clock, reports, log }: Service,
  launchHostId: string,
  report: LaunchHostReport,
): Promise<LaunchHostConfiguration> {
  const isFirst = reports.last('launch-host', launchHostId) === undefined;
  if (isFirst) log.info('launch-host-seen', { launchHostId, accelerator: report.accelerator });
  reports.put<'launch-host'>(launchHostId, { atMs: clock.nowMs(), report });
  await reports.save(store.db, launchHostId, isFirst);
  return {};
}
