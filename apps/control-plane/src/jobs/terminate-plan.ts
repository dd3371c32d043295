/** TerminateTargetInstances: ends the launched machine of each server and gives its export back. */
import type { Service } from '../service.ts';
import { saveJobServer } from '../store/jobs.ts';
import { type RunnablePlan, runnablePlan, type StepRun } from './job-runner.ts';
import { endMachine, listHeldMachines } from './machine-cleanup.ts';

const CLEANUP_MS = 10 * 60_000;

interface TerminateState {
  readonly machineId: string;
}

export function terminatePlan(service: Service): RunnablePlan {
  return runnablePlan<TerminateState>({
    steps: [{ name: 'CLEANUP', run: (run) => cleanUp(service, run) }],
    succeed: (run, state) => record(service, run, { launchStatus: 'TERMINATED', ...state }),
    fail: async (run, state, { rawError }) => {
      await run.log('CLEANUP_FAIL', { rawError });
      await record(service, run, { launchStatus: 'FAILED', ...state });
    },
  });
}

async function cleanUp(service: Service, run: StepRun): Promise<Partial<TerminateState>> {
  await record(service, run, { launchStatus: 'IN_PROGRESS' });
  await run.log('CLEANUP_START');
  const machines = await listHeldMachines(service, run.sourceServerId);
  for (const machine of machines) {
    await endMachine(service, machine, { timeoutMs: CLEANUP_MS, signal: run.signal });
  }
  await run.log('CLEANUP_END');
  const machineId = machines.at(-1)?.machineId;
  return machineId === undefined ? {} : { machineId };
}

async function record(
  service: Service,
  { job, sourceServerId, signal }: StepRun,
  change: { readonly launchStatus: 'IN_PROGRESS' | 'TERMINATED' | 'FAILED'; readonly machineId?: string },
): Promise<void> {
  signal.throwIfAborted();
  await service.store.transaction((tx) => saveJobServer(tx, { jobId: job.jobId, sourceServerId, ...change }));
}
