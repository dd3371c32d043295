/** How an application or a wave stands, in colour and words. */
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

const HEALTH = {
  HEALTHY: 'success',
  LAGGING: 'warning',
  ERROR: 'error',
} as const satisfies Record<Mgn.WaveHealthStatus, StatusIndicatorProps.Type>;

const PROGRESS = {
  NOT_STARTED: 'pending',
  IN_PROGRESS: 'in-progress',
  COMPLETED: 'success',
} as const satisfies Record<Mgn.WaveProgressStatus, StatusIndicatorProps.Type>;

export function GroupHealth({ status = 'HEALTHY' }: { readonly status: Mgn.WaveHealthStatus | undefined }) {
  const { t } = useI18n();
  return <StatusIndicator type={HEALTH[status]}>{t(`group.health.${status}`)}</StatusIndicator>;
}

export function GroupProgress(props: { readonly status: Mgn.WaveProgressStatus | undefined }): ReactNode {
  const { status = 'NOT_STARTED' } = props;
  const { t } = useI18n();
  return <StatusIndicator type={PROGRESS[status]}>{t(`group.progress.${status}`)}</StatusIndicator>;
}
