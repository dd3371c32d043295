import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { BOOT_MODES, CopiedChoices, DISPOSITIONS, RIGHT_SIZING } from '../../servers/launch-settings.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useDraft } from '../../shell/use-draft.ts';
import { useSubmission } from '../../shell/use-submission.ts';
import { Choice } from '../../widgets/choice.tsx';
import { DiscardButton, OvertakenAlert } from '../../widgets/draft-parts.tsx';
import { FailureAlert } from '../../widgets/live-state.tsx';

const DEPLOYMENTS = [
  'TEST_AND_CUTOVER',
  'CUTOVER_ONLY',
  'TEST_ONLY',
] as const satisfies readonly Mgn.PostLaunchActionsDeploymentType[];

type LaunchSettingsChange = Omit<Mgn.LaunchConfigurationTemplate, 'launchConfigurationTemplateID'>;

export interface LaunchSettingsFormProps {
  readonly name: string;
  readonly template: Mgn.LaunchConfigurationTemplate;
}

export function LaunchSettingsForm({ name, template }: LaunchSettingsFormProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const draft = useDraft<LaunchSettingsChange>(template);
  const change = draft.typed ?? {};
  const settings = { ...template, ...change };
  const set = (next: LaunchSettingsChange) => draft.type({ ...change, ...next });
  const { launchConfigurationTemplateID } = template;
  const save = useSubmission({
    work: () => mgn('UpdateLaunchConfigurationTemplate', { launchConfigurationTemplateID, ...change }),
    says: () => t('templates.saved', { name }),
    onDone: draft.discard,
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <DiscardButton draft={draft} isBusy={save.isBusy} />
              <Button
                variant="primary"
                disabled={draft.typed === undefined}
                loading={save.isBusy}
                onClick={save.run}
              >
                {t('common.save')}
              </Button>
            </SpaceBetween>
          }
        >
          {t('templates.launch.settings')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <OvertakenAlert draft={draft} isBusy={save.isBusy} />
        {save.failure !== undefined && <FailureAlert failure={save.failure} />}
        <SettingsFields settings={settings} onChange={set} />
      </SpaceBetween>
    </Container>
  );
}

function SettingsFields(props: {
  readonly settings: Mgn.LaunchConfigurationTemplate;
  readonly onChange: (change: LaunchSettingsChange) => void;
}): ReactNode {
  const { settings, onChange } = props;
  const { t } = useI18n();
  return (
    <SpaceBetween size="m">
      <ColumnLayout columns={2}>
        <Choice
          label={t('launch.disposition')}
          values={DISPOSITIONS}
          chosen={settings.launchDisposition}
          textOf={(value) => t(`launch.disposition.${value}`)}
          onChoose={(launchDisposition) => onChange({ launchDisposition })}
        />
        <Choice
          label={t('launch.rightSizing')}
          values={RIGHT_SIZING}
          chosen={settings.targetInstanceTypeRightSizingMethod === 'NONE' ? 'NONE' : 'BASIC'}
          textOf={(value) => t(`launch.rightSizing.${value}`)}
          onChoose={(method) => onChange({ targetInstanceTypeRightSizingMethod: method })}
        />
        <Choice
          label={t('launch.bootMode')}
          values={BOOT_MODES}
          chosen={settings.bootMode}
          textOf={(value) => t(`launch.bootMode.${value}`)}
          onChoose={(bootMode) => onChange({ bootMode })}
        />
        <Choice
          label={t('templates.launch.deployment')}
          values={DEPLOYMENTS}
          chosen={settings.postLaunchActions?.deployment ?? 'TEST_AND_CUTOVER'}
          textOf={(value) => t(`templates.launch.deployment.${value}`)}
          onChoose={(deployment) =>
            onChange({ postLaunchActions: { ...settings.postLaunchActions, deployment } })
          }
        />
      </ColumnLayout>
      <CopiedChoices settings={settings} onChange={onChange} />
    </SpaceBetween>
  );
}
