/** What failed: of which server, in which step, with code, cause and remedy, and what is as it was. */
import Alert from '@cloudscape-design/components/alert';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { RawErrorText } from '../../widgets/raw-error-text.tsx';
import type { JobFailure } from './job-steps.ts';

const SHOWN_MAX = 5;

export interface JobFailuresProps {
  readonly failures: readonly JobFailure[];
  /** Else it is the ending of machines. */
  readonly isLaunch: boolean;
  readonly nameOf: (sourceServerID: string) => string;
}

export function JobFailures({ failures, isLaunch, nameOf }: JobFailuresProps): ReactNode {
  const { t } = useI18n();
  if (failures.length === 0) return null;
  const more = failures.length - SHOWN_MAX;
  return (
    <Alert type="error" header={t('job.failures.title', { count: failures.length })}>
      <SpaceBetween size="m">
        {failures.slice(0, SHOWN_MAX).map(({ sourceServerID, step = 'LAUNCH', rawError, earlierMachine }) => (
          <div key={sourceServerID}>
            <strong>
              {t('job.failures.of', { name: nameOf(sourceServerID), step: t(`job.step.${step}`) })}
            </strong>
            <RawErrorText text={rawError === '' ? t('common.unknown') : rawError} />
            <div>
              <strong>{t('job.failures.kept')}:</strong>{' '}
              {t(isLaunch ? 'job.failures.kept.launch' : 'job.failures.kept.termination')}{' '}
              {isLaunch && t(`job.failures.kept.${earlierMachine}`)}
            </div>
          </div>
        ))}
        {more > 0 && <div>{t('job.failures.more', { count: more })}</div>}
      </SpaceBetween>
    </Alert>
  );
}
