import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useSubmission } from '../../shell/use-submission.ts';
import { Choice } from '../../widgets/choice.tsx';
import { FailureAlert } from '../../widgets/live-state.tsx';

const DISPOSITIONS = ['STARTED', 'STOPPED'] as const satisfies readonly Mgn.LaunchDisposition[];
const RIGHT_SIZING = ['BASIC', 'NONE'] as const satisfies readonly Mgn.TargetInstanceTypeRightSizingMethod[];
const BOOT_MODES = ['USE_SOURCE', 'LEGACY_BIOS', 'UEFI'] as const satisfies readonly Mgn.BootMode[];
const DEPLOYMENTS = [
  'TEST_AND_CUTOVER',
  'CUTOVER_ONLY',
  'TEST_ONLY',
] as const satisfies readonly Mgn.PostLaunchActionsDeploymentType[];

export interface LaunchSettingsFormProps {
  readonly name: string;
  readonly template: Mgn.LaunchConfigurationTemplate;
}

export function LaunchSettingsForm({ name, template }: LaunchSettingsFormProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const [change, setChange] = useState<
    Omit<Mgn.LaunchConfigurationTemplate, 'launchConfigurationTemplateID'>
  >({});
  const draft = { ...template, ...change };
  const set = (next: typeof change) => setChange({ ...change, ...next });
  const { launchConfigurationTemplateID } = template;
  const save = useSubmission({
    work: () => mgn('UpdateLaunchConfigurationTemplate', { launchConfigurationTemplateID, ...change }),
    says: () => t('templates.saved', { name }),
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Button
              variant="primary"
              disabled={Object.keys(change).length === 0}
              loading={save.isBusy}
              onClick={save.run}
            >
              {t('common.save')}
            </Button>
          }
        >
          {t('templates.launch.settings')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {save.failure !== undefined && <FailureAlert failure={save.failure} />}
        <ColumnLayout columns={2}>
          <Choice
            label={t('launch.disposition')}
            values={DISPOSITIONS}
            chosen={draft.launchDisposition}
            textOf={(value) => t(`launch.disposition.${value}`)}
            onChoose={(launchDisposition) => set({ launchDisposition })}
          />
          <Choice
            label={t('launch.rightSizing')}
            values={RIGHT_SIZING}
            chosen={draft.targetInstanceTypeRightSizingMethod === 'NONE' ? 'NONE' : 'BASIC'}
            textOf={(value) => t(`launch.rightSizing.${value}`)}
            onChoose={(method) => set({ targetInstanceTypeRightSizingMethod: method })}
          />
          <Choice
            label={t('launch.bootMode')}
            values={BOOT_MODES}
            chosen={draft.bootMode}
            textOf={(value) => t(`launch.bootMode.${value}`)}
            onChoose={(bootMode) => set({ bootMode })}
          />
          <Choice
            label={t('templates.launch.deployment')}
            values={DEPLOYMENTS}
            chosen={draft.postLaunchActions?.deployment ?? 'TEST_AND_CUTOVER'}
            textOf={(value) => t(`templates.launch.deployment.${value}`)}
            onChoose={(deployment) => set({ postLaunchActions: { ...draft.postLaunchActions, deployment } })}
          />
        </ColumnLayout>
        <Checkbox
          checked={draft.copyPrivateIp === true}
          onChange={({ detail }) => set({ copyPrivateIp: detail.checked })}
        >
          {t('launch.copyPrivateIp')}
        </Checkbox>
        <Checkbox
          checked={draft.copyTags === true}
          onChange={({ detail }) => set({ copyTags: detail.checked })}
        >
          {t('launch.copyTags')}
        </Checkbox>
      </SpaceBetween>
    </Container>
  );
}
