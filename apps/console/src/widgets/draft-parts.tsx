/** What forms show of their draft: that somebody else has changed what is stored, and the way back to it. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import type { FormDraft } from '../shell/use-draft.ts';

export interface DraftPartProps {
  readonly draft: Pick<FormDraft<unknown>, 'typed' | 'isOvertaken' | 'discard'>;
  /** While it is saved, what changes is one's own. */
  readonly isBusy: boolean;
}

export function OvertakenAlert({ draft, isBusy }: DraftPartProps): ReactNode {
  const { t } = useI18n();
  return draft.isOvertaken && !isBusy ? <Alert type="warning">{t('common.overtaken')}</Alert> : null;
}

export function DiscardButton({ draft, isBusy }: DraftPartProps): ReactNode {
  const { t } = useI18n();
  return (
    <Button disabled={draft.typed === undefined || isBusy} onClick={draft.discard}>
      {t('common.discard')}
    </Button>
  );
}
