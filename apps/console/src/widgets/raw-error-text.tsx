/** An error as a program wrote it; with the remedy of its code, where it has one of ours. */
import Box from '@cloudscape-design/components/box';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

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
  const remedies = [hint, known?.remedy].filter((remedy) => remedy !== undefined);
  const shownCode = known?.code ?? code ?? CODE.exec(text)?.[1];
  return (
    <div>
      <div>
        <strong>{t('failure.cause')}:</strong> {known?.meaning} {text}
      </div>
      {remedies.length > 0 && (
        <div>
          <strong>{t('failure.remedy')}:</strong> {remedies.join(' ')}
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
