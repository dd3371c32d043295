import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { GroupHealth, GroupProgress } from './group-status.tsx';
import { memberProgress } from './member-progress.ts';

export interface MemberProgressBoxProps {
  readonly servers: readonly Mgn.SourceServer[];
  readonly health: Mgn.WaveHealthStatus | undefined;
  readonly progress: Mgn.WaveProgressStatus | undefined;
}

export function MemberProgressBox({ servers, health, progress }: MemberProgressBoxProps): ReactNode {
  const { t, formats } = useI18n();
  const { count, doneCount, states } = memberProgress(servers);
  const items = [
    { label: t('group.progress'), value: <GroupProgress status={progress} /> },
    { label: t('group.health'), value: <GroupHealth status={health} /> },
    ...states.map(([state, stateCount]) => ({
      label: t(`lifeCycle.${state}`),
      value: formats.number(stateCount),
    })),
  ];
  return (
    <Container header={<Header variant="h2">{t('group.progress')}</Header>}>
      <SpaceBetween size="m">
        {count > 0 && (
          <ProgressBar
            value={Math.floor((doneCount / count) * 100)}
            status={doneCount === count ? 'success' : 'in-progress'}
            label={t('group.done.label')}
            additionalInfo={t('group.done', { done: doneCount, count })}
            resultText={t('group.done', { done: doneCount, count })}
          />
        )}
        <KeyValuePairs columns={4} items={items} />
      </SpaceBetween>
    </Container>
  );
}
