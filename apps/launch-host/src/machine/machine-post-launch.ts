/**
 * Reads what the guest tells of its post-launch scripts. QEMU writes it to a file in the machine's folder
 * whether we run or not, so a restart of ours misses nothing.
 */
import { join } from 'node:path';
import { parseReports } from '@landfall/conversion';
import { REPORT_LOG } from '@landfall/launch';
import { readHead } from './file-machine-store.ts';
import type { MachineContext } from './machine-context.ts';
import { allEnded, withReports } from './post-launch-outcomes.ts';

/** Room for what 110 scripts say, three times over; a guest that writes more is not read further. */
const REPORT_BYTES_MAX = 8 * 1024 * 1024;

export async function observePostLaunch(context: MachineContext): Promise<void> {
  const { postLaunch = [], phase, specification } = context.record();
  if (phase === 'CONVERTING' || phase === 'TERMINATED' || allEnded(postLaunch)) return;
  const text = await readHead(join(context.folder, REPORT_LOG), REPORT_BYTES_MAX);
  const next = withReports(postLaunch, parseReports(text));
  if (JSON.stringify(next) === JSON.stringify(postLaunch)) return;
  const { machineId } = specification;
  for (const { actionId, state, exitCode } of next) {
    const before = postLaunch.find((one) => one.actionId === actionId)?.state;
    if (before !== state) {
      context.services.logger.info('post-launch-script', { machineId, actionId, state, exitCode });
    }
  }
  await context.update({ postLaunch: next });
}
