/** States of jobs and of their servers in colour and words. */
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { type JobOutcome, outcomeOf } from './job-outcome.ts';

const OUTCOME = {
  PENDING: 'pending',
  STARTED: 'in-progress',
  COMPLETED: 'success',
  FAILED: 'error',
} as const satisfies Record<JobOutcome, StatusIndicatorProps.Type>;

const LAUNCH = {
  PENDING: 'pending',
  IN_PROGRESS: 'in-progress',
  LAUNCHED: 'success',
  FAILED: 'error',
  TERMINATED: 'stopped',
} as const satisfies Record<Mgn.LaunchStatus, StatusIndicatorProps.Type>;

export function JobStatus({ job }: { readonly job: Mgn.Job }): ReactNode {
  const { t } = useI18n();
  const outcome = outcomeOf(job);
  return <StatusIndicator type={OUTCOME[outcome]}>{t(`job.status.${outcome}`)}</StatusIndicator>;
}

export function LaunchStatus({ status }: { readonly status: Mgn.LaunchStatus }): ReactNode {
  const { t } = useI18n();
  return <StatusIndicator type={LAUNCH[status]}>{t(`job.launch.${status}`)}</StatusIndicator>;
}
