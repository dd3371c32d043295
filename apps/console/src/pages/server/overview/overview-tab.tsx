/** The migration dashboard of a server: where it stands, and the one thing to do next. */
import Alert from '@cloudscape-design/components/alert';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Steps, { type StepsProps } from '@cloudscape-design/components/steps';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { InitiationSteps } from '../../../servers/initiation-steps.tsx';
import type { ServerTabProps } from '../server-page.tsx';
import { type PathStep, pathOf } from './life-cycle-path.ts';
import { NextStepBox } from './next-step-box.tsx';
import { ServerSummary } from './server-summary.tsx';

const STATUS = {
  DONE: 'success',
  HERE: 'in-progress',
  AHEAD: 'pending',
  STOPPED: 'stopped',
} as const satisfies Record<PathStep['status'], StepsProps.Status>;

export function OverviewTab({ server }: ServerTabProps): ReactNode {
  const { t, knownError } = useI18n();
  const { dataReplicationState: state, dataReplicationError: error } = server.dataReplicationInfo ?? {};
  const path = pathOf(server.lifeCycle?.state ?? 'NOT_READY');
  const raw = error?.rawError ?? error?.error ?? '';
  const known = knownError(raw);
  return (
    <SpaceBetween size="l">
      {error !== undefined && (
        <Alert type="error" header={t('server.summary.stalled')}>
          {known?.meaning} {raw}
          {known === undefined ? null : <div>{known.remedy}</div>}
        </Alert>
      )}
      <NextStepBox server={server} />
      <ColumnLayout columns={2}>
        <Container fitHeight header={<Header variant="h2">{t('server.lifeCycle.title')}</Header>}>
          <Steps
            steps={path.map((step) => ({
              header: t(`lifeCycle.${step.state}`),
              status: STATUS[step.status],
            }))}
          />
        </Container>
        <ServerSummary server={server} />
      </ColumnLayout>
      {state === 'INITIATING' && (
        <Container header={<Header variant="h2">{t('server.overview.steps')}</Header>}>
          <InitiationSteps server={server} />
        </Container>
      )}
    </SpaceBetween>
  );
}
