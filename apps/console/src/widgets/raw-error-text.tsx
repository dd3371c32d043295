/** An error as a program wrote it; with the remedy of its code, where it has one of ours. */
import Box from '@cloudscape-design/components/box';
import type { ReactNode } from 'react';
import { registeredError } from '../api/failure.ts';
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
  const { t } = useI18n();
  const registered = registeredError(code ?? text);
  const remedies = [hint, registered?.entry.remedy].filter((remedy) => remedy !== undefined);
  const shownCode = registered?.code ?? code ?? CODE.exec(text)?.[1];
  return (
    <div>
      <div>
        <strong>{t('failure.cause')}:</strong> {text}
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
