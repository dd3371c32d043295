/** Code, cause and remedy of a failure, in the order one reads them. */
import Box from '@cloudscape-design/components/box';
import type { ReactNode } from 'react';
import type { ApiFailure } from '../api/failure.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { remedyKey } from './failure-remedy.ts';
import { InEnglish } from './in-english.tsx';

export function FailureText({ failure }: { readonly failure: ApiFailure }): ReactNode {
  const { t, knownError } = useI18n();
  const known = knownError(failure.message);
  const remedy = known?.remedy ?? t(remedyKey(failure));
  return (
    <div>
      <div>
        <strong>{t('failure.cause')}:</strong> {known?.meaning}{' '}
        {failure.message === '' ? t('common.unknown') : <InEnglish>{failure.message}</InEnglish>}
      </div>
      <div>
        <strong>{t('failure.remedy')}:</strong> {remedy}
      </div>
      <Box variant="small" color="inherit">
        {t('failure.code')}: {known?.code ?? failure.name}
        {failure.requestId === undefined
          ? ''
          : ` · ${t('failure.request', { requestId: failure.requestId })}`}
      </Box>
    </div>
  );
}
