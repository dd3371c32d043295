/** How far a server has come on its way to the first byte. */
import Steps, { type StepsProps } from '@cloudscape-design/components/steps';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

const STATUS = {
  NOT_STARTED: 'pending',
  IN_PROGRESS: 'in-progress',
  SUCCEEDED: 'success',
  FAILED: 'error',
  SKIPPED: 'stopped',
} as const satisfies Record<Mgn.DataReplicationInitiationStepStatus, StepsProps.Status>;

export function InitiationSteps({ server }: { readonly server: Mgn.SourceServer }): ReactNode {
  const { t } = useI18n();
  const steps = server.dataReplicationInfo?.dataReplicationInitiation?.steps ?? [];
  const shown = steps.map(({ name = 'WAIT', status = 'NOT_STARTED' }) => ({
    header: t(`step.${name}`),
    status: STATUS[status],
  }));
  return <Steps steps={shown} />;
}
