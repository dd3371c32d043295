/** Which plan a job follows. */
import type { Service } from '../service.ts';
import type { JobKind, JobRecord } from '../store/jobs.ts';
import type { RunnablePlan } from './job-runner.ts';
import { launchPlan } from './launch-plan.ts';
import { retirementPlan } from './retirement-plan.ts';
import { terminatePlan } from './terminate-plan.ts';

export const PLANS = {
  LAUNCH: launchPlan,
  TERMINATE: terminatePlan,
  RETIREMENT: retirementPlan,
} as const satisfies Record<JobKind, (service: Service) => RunnablePlan>;

export function planFor(service: Service, job: JobRecord): RunnablePlan {
  return PLANS[job.type](service);
}
