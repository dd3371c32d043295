import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { randomId } from '../../../browser-clock.ts';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useDraft } from '../../../shell/use-draft.ts';
import { useSubmission } from '../../../shell/use-submission.ts';
import { DiscardButton, OvertakenAlert } from '../../../widgets/draft-parts.tsx';
import { FailureAlert } from '../../../widgets/live-state.tsx';
import {
  draftOf,
  type LimitsDraft,
  type LimitsFault,
  limitsChange,
  limitsFaults,
  newWindow,
  withoutWindow,
  withWindow,
} from './schedule-draft.ts';
import { WindowFields } from './window-fields.tsx';

export interface LimitsFormProps {
  readonly sourceServerID: string;
  readonly known: Landfall.ReplicationLimits;
}

/**
 * What somebody has begun to change stays as typed, whatever arrives meanwhile, and never replaces what its
 * alert has not told of.
 */
export function LimitsForm({ sourceServerID, known }: LimitsFormProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const typing = useDraft<LimitsDraft>(known.revision);
  const draft = typing.typed ?? draftOf(known, Intl.DateTimeFormat().resolvedOptions().timeZone);
  const change = limitsChange(known, draft);
  const save = useSubmission({
    work: () =>
      landfall('UpdateReplicationLimits', { sourceServerID, ...change, expectedRevision: known.revision }),
    says: () => t('settings.bandwidth.saved'),
    onDone: typing.discard,
  });
  const isChanged = Object.keys(change).length > 0;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={<Now known={known} />}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <DiscardButton draft={typing} isBusy={save.isBusy} />
              <Button
                variant="primary"
                disabled={!isChanged || limitsFaults(draft).length > 0}
                loading={save.isBusy}
                onClick={save.run}
              >
                {t('common.save')}
              </Button>
            </SpaceBetween>
          }
        >
          {t('settings.bandwidth')}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <OvertakenAlert draft={typing} isBusy={save.isBusy} />
        {save.failure !== undefined && <FailureAlert failure={save.failure} />}
        <Always draft={draft} onChange={typing.type} />
        <Windows draft={draft} onChange={typing.type} />
      </SpaceBetween>
    </Container>
  );
}

function Now({ known }: { readonly known: Landfall.ReplicationLimits }): ReactNode {
  const { t, formats } = useI18n();
  const textOf = (mbps: number) =>
    mbps === 0 ? t('replicationTab.limit.none') : t('replicationTab.limit.mbps', { count: mbps });
  const now = t('settings.bandwidth.now', { limit: textOf(known.currentMbps) });
  const { nextChange } = known;
  if (nextChange === undefined) return now;
  const next = { time: formats.dateTime(nextChange.atDateTime), limit: textOf(nextChange.mbps) };
  return `${now} ${t('settings.bandwidth.next', next)}`;
}

interface PartProps {
  readonly draft: LimitsDraft;
  readonly onChange: (draft: LimitsDraft) => void;
}

function useFaultText(draft: LimitsDraft): (fault: LimitsFault) => string | undefined {
  const { t } = useI18n();
  const faults = limitsFaults(draft);
  return (fault) => (faults.includes(fault) ? t(`settings.bandwidth.fault.${fault}`) : undefined);
}

function Always({ draft, onChange }: PartProps): ReactNode {
  const { t } = useI18n();
  const faultText = useFaultText(draft);
  return (
    <ColumnLayout columns={2}>
      <FormField
        label={t('settings.bandwidth.always')}
        constraintText={t('settings.bandwidth.alwaysNote')}
        errorText={faultText('mbps')}
      >
        <Input
          type="number"
          value={draft.mbps}
          onChange={({ detail }) => onChange({ ...draft, mbps: detail.value })}
        />
      </FormField>
      <FormField
        label={t('settings.bandwidth.impact')}
        constraintText={t('settings.bandwidth.impactNote')}
        errorText={faultText('impactPercent')}
      >
        <Input
          type="number"
          value={draft.impactPercent}
          onChange={({ detail }) => onChange({ ...draft, impactPercent: detail.value })}
        />
      </FormField>
    </ColumnLayout>
  );
}

function Windows({ draft, onChange }: PartProps): ReactNode {
  const { t } = useI18n();
  const faultText = useFaultText(draft);
  const add = () => onChange({ ...draft, windows: [...draft.windows, newWindow(randomId())] });
  return (
    <SpaceBetween size="m">
      <Header
        variant="h3"
        description={t('settings.bandwidth.scheduleText')}
        actions={<Button onClick={add}>{t('settings.bandwidth.addWindow')}</Button>}
      >
        {t('settings.bandwidth.schedule')}
      </Header>
      {draft.windows.length === 0 && <Box>{t('settings.bandwidth.noWindows')}</Box>}
      {draft.windows.length > 0 && (
        <FormField
          label={t('settings.bandwidth.timeZone')}
          constraintText={t('settings.bandwidth.timeZoneNote')}
          errorText={faultText('timeZone') ?? faultText('windowCount')}
        >
          <Input
            value={draft.timeZone}
            onChange={({ detail }) => onChange({ ...draft, timeZone: detail.value.trim() })}
          />
        </FormField>
      )}
      {draft.windows.map((window, index) => (
        <WindowFields
          key={window.id}
          window={window}
          number={index + 1}
          onChange={(change) => onChange(withWindow(draft, window.id, change))}
          onRemove={() => onChange(withoutWindow(draft, window.id))}
        />
      ))}
    </SpaceBetween>
  );
}
