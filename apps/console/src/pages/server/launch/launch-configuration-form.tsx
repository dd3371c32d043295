import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { BOOT_MODES, CopiedChoices, DISPOSITIONS, RIGHT_SIZING } from '../../../servers/launch-settings.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { useDraft } from '../../../shell/use-draft.ts';
import { Choice } from '../../../widgets/choice.tsx';
import { DiscardButton, OvertakenAlert } from '../../../widgets/draft-parts.tsx';

export function LaunchConfigurationForm(props: {
  readonly configuration: Mgn.LaunchConfiguration;
}): ReactNode {
  const { configuration } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { sourceServerID = '' } = configuration;
  const stored = settingsOf(configuration);
  const draft = useDraft<LaunchSettings>(stored);
  const settings = draft.typed ?? stored;
  const set = (next: Partial<LaunchSettings>) => draft.type({ ...settings, ...next });
  const save = useChange({
    work: async () => {
      await mgn('UpdateLaunchConfiguration', { sourceServerID, ...settings });
      draft.discard();
    },
    says: () => t('launch.saved'),
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('launch.configuration.text')}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <DiscardButton draft={draft} isBusy={save.isBusy} />
              <Button loading={save.isBusy} disabled={draft.typed === undefined} onClick={save.run}>
                {t('common.save')}
              </Button>
            </SpaceBetween>
          }
        >
          {t('launch.configuration')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <OvertakenAlert draft={draft} isBusy={save.isBusy} />
        <SettingsFields settings={settings} onChange={set} />
      </SpaceBetween>
    </Container>
  );
}

type LaunchSettings = Pick<
  Mgn.LaunchConfiguration,
  'launchDisposition' | 'targetInstanceTypeRightSizingMethod' | 'bootMode' | 'copyPrivateIp' | 'copyTags'
>;

/** What the form shows; another version of the launch template is none of its business. */
function settingsOf(configuration: Mgn.LaunchConfiguration): LaunchSettings {
  const { launchDisposition, targetInstanceTypeRightSizingMethod, bootMode } = configuration;
  const { copyPrivateIp, copyTags } = configuration;
  return { launchDisposition, targetInstanceTypeRightSizingMethod, bootMode, copyPrivateIp, copyTags };
}

function SettingsFields(props: {
  readonly settings: LaunchSettings;
  readonly onChange: (change: Partial<LaunchSettings>) => void;
}): ReactNode {
  const { settings, onChange } = props;
  const { t } = useI18n();
  return (
    <SpaceBetween size="m">
      <ColumnLayout columns={3}>
        <Choice
          label={t('launch.disposition')}
          textOf={(value) => t(`launch.disposition.${value}`)}
          values={DISPOSITIONS}
          chosen={settings.launchDisposition}
          onChoose={(launchDisposition) => onChange({ launchDisposition })}
        />
        <Choice
          label={t('launch.rightSizing')}
          textOf={(value) => t(`launch.rightSizing.${value}`)}
          values={RIGHT_SIZING}
          chosen={settings.targetInstanceTypeRightSizingMethod}
          onChoose={(method) => onChange({ targetInstanceTypeRightSizingMethod: method })}
        />
        <Choice
          label={t('launch.bootMode')}
          textOf={(value) => t(`launch.bootMode.${value}`)}
          values={BOOT_MODES}
          chosen={settings.bootMode}
          onChoose={(bootMode) => onChange({ bootMode })}
        />
      </ColumnLayout>
      <CopiedChoices settings={settings} onChange={onChange} />
    </SpaceBetween>
  );
}
