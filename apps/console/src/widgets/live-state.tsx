/** Around what is shown of an answer: loading, slow, failed, and failed with an older value still there. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import type { ApiFailure } from '../api/failure.ts';
import type { Answer } from '../api/live-queries.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { FailureText } from './failure-text.tsx';
import { Waiting } from './waiting.tsx';

export interface LiveStateProps<Value> {
  readonly answer: Answer<Value>;
  readonly onRetry?: (() => void) | undefined;
  readonly children: (value: Value) => ReactNode;
}

export function LiveState<Value>({ answer, onRetry, children }: LiveStateProps<Value>): ReactNode {
  const { value, failure, isLoading, isSlow } = answer;
  return (
    <SpaceBetween size="m">
      {isSlow && <SlowNote />}
      {failure !== undefined && (
        <FailureAlert failure={failure} onRetry={onRetry} isStale={value !== undefined} />
      )}
      {value !== undefined && children(value)}
      {value === undefined && isLoading && <Waiting />}
    </SpaceBetween>
  );
}

export function FailureAlert(props: {
  readonly failure: ApiFailure;
  readonly onRetry?: (() => void) | undefined;
  readonly isStale?: boolean;
}): ReactNode {
  const { failure, onRetry, isStale = false } = props;
  const { t } = useI18n();
  const retry = onRetry === undefined ? undefined : <Button onClick={onRetry}>{t('common.retry')}</Button>;
  return (
    <Alert type={isStale ? 'warning' : 'error'} header={t('failure.title')} action={retry}>
      <FailureText failure={failure} />
      {isStale && <div>{t('common.staleValue')}</div>}
    </Alert>
  );
}

export function SlowNote(): ReactNode {
  const { t } = useI18n();
  return <Alert type="info">{t('common.slow')}</Alert>;
}
