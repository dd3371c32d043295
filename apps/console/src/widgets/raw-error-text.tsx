/** An error as a program wrote it; with the remedy of its code, where it has one of ours. */
import Box from '@cloudscape-design/components/box';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { InEnglish } from './in-english.tsx';

/** How programs begin their errors; one of a newer release may have a code that is not known here. */
const CODE = /^([A-Z][A-Z0-9_]+): /;

export interface RawErrorTextProps {
  readonly text: string;
  /** Where it does not stand in the text. */
  readonly code?: string | undefined;
  /** What the program itself says is to be done. */
  readonly hint?: string | undefined;
}

export function RawErrorText({ text, code, hint }: RawErrorTextProps): ReactNode {
  const { t, knownError } = useI18n();
  const known = knownError(code ?? text);
  const shownCode = known?.code ?? code ?? CODE.exec(text)?.[1];
  return (
    <div>
      <div>
        <strong>{t('failure.cause')}:</strong> {known?.meaning} <InEnglish>{text}</InEnglish>
      </div>
      {(hint ?? known?.remedy) !== undefined && (
        <div>
          <strong>{t('failure.remedy')}:</strong> {hint !== undefined && <InEnglish>{hint}</InEnglish>}{' '}
          {known?.remedy}
        </div>
      )}
      {shownCode !== undefined && (
        <Box variant="small" color="inherit">
          {t('failure.code')}: {shownCode}
        </Box>
      )}
    </div>
  );
}
