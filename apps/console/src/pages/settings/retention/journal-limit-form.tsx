import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useSubmission } from '../../../shell/use-submission.ts';
import { FailureAlert } from '../../../widgets/live-state.tsx';
import { limitText, parseLimit } from './journal-limit.ts';

export interface JournalLimitFormProps {
  readonly sourceServerID: string;
  readonly limitBytes: number | undefined;
  /** Absent: it is not measured yet. */
  readonly usedBytes: number | undefined;
}

export function JournalLimitForm(props: JournalLimitFormProps): ReactNode {
  const { sourceServerID, limitBytes, usedBytes } = props;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const [typed, setTyped] = useState(() => limitText(limitBytes));
  const wanted = parseLimit(typed);
  const save = useSubmission({
    work: () => {
      const limit = wanted.kind === 'LIMIT' ? { limitBytes: wanted.limitBytes } : {};
      return landfall('UpdateJournalLimit', { sourceServerID, ...limit });
    },
    says: () => t('settings.journal.limitSaved'),
  });
  const willStall = wanted.kind === 'LIMIT' && usedBytes !== undefined && wanted.limitBytes <= usedBytes;
  const isWrong = wanted.kind === 'WRONG';
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('settings.journal.limitText')}
          actions={
            <Button
              disabled={isWrong || typed.trim() === limitText(limitBytes)}
              loading={save.isBusy}
              onClick={save.run}
            >
              {t('common.save')}
            </Button>
          }
        >
          {t('settings.journal.limit')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {save.failure !== undefined && <FailureAlert failure={save.failure} />}
        {willStall && <Alert type="warning">{t('settings.journal.limitStalls')}</Alert>}
        <FormField
          label={t('settings.journal.limitGib')}
          constraintText={t('settings.journal.limitNote')}
          errorText={isWrong ? t('settings.journal.limitWrong') : undefined}
        >
          <Input value={typed} inputMode="decimal" onChange={({ detail }) => setTyped(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
