/** The steps of one server of a job, one below the other, with times and what each has to say. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Steps, { type StepsProps } from '@cloudscape-design/components/steps';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNow } from '../../shell/console-context.tsx';
import { InEnglish } from '../../widgets/in-english.tsx';
import type { JobStep } from './job-steps.ts';

const STATUS = {
  AHEAD: 'pending',
  UNDER_WAY: 'in-progress',
  DONE: 'success',
  FAILED: 'error',
  LEFT_OUT: 'stopped',
} as const satisfies Record<JobStep['status'], StepsProps.Status>;
const SECOND_MS = 1000;

export interface ServerStepsProps {
  readonly name: string;
  readonly steps: readonly JobStep[];
}

export function ServerSteps({ name, steps }: ServerStepsProps): ReactNode {
  const { t } = useI18n();
  return (
    <Container header={<Header variant="h2">{t('job.steps.title', { name })}</Header>}>
      <Steps
        ariaLabel={t('job.steps.title', { name })}
        steps={steps.map((step) => ({
          header: t(`job.step.${step.name}`),
          status: STATUS[step.status],
          statusIconAriaLabel: t(`job.step.status.${step.status}`),
          details: <StepDetails step={step} />,
        }))}
      />
    </Container>
  );
}

function StepDetails({ step }: { readonly step: JobStep }): ReactNode {
  const { t, formats } = useI18n();
  const now = useNow(SECOND_MS);
  const { status, beganMs, endedMs, remark } = step;
  const untilMs = endedMs ?? (status === 'UNDER_WAY' ? now : undefined);
  const took = beganMs === undefined || untilMs === undefined ? undefined : Math.max(0, untilMs - beganMs);
  const parts = [
    t(`job.step.status.${status}`),
    beganMs === undefined ? undefined : t('job.step.since', { time: formats.instant(beganMs) }),
    took === undefined ? undefined : formats.duration(took),
  ];
  return (
    <div>
      <div>{parts.filter((part) => part !== undefined).join(' · ')}</div>
      {remark !== undefined && (
        <div>
          <InEnglish>{remark}</InEnglish>
        </div>
      )}
    </div>
  );
}
