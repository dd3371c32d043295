/** How far an import or export is. */
import ProgressBar from '@cloudscape-design/components/progress-bar';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';

export interface TaskProgressProps {
  readonly status: Mgn.ImportStatus | Mgn.ExportStatus | undefined;
  readonly percent: number | undefined;
  readonly label: string;
}

const STATUS = {
  PENDING: 'pending',
  STARTED: 'in-progress',
  SUCCEEDED: 'success',
  FAILED: 'error',
} as const;

export function TaskProgress({ status = 'PENDING', percent = 0, label }: TaskProgressProps): ReactNode {
  const { t } = useI18n();
  if (status === 'STARTED') return <ProgressBar value={percent} ariaLabel={label} />;
  return <StatusIndicator type={STATUS[status]}>{t(`inventory.status.${status}`)}</StatusIndicator>;
}
