import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import type { MessageKey } from '../../../i18n/languages.ts';
import { useConsole } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';

const DISPOSITIONS = ['STARTED', 'STOPPED'] as const satisfies readonly Mgn.LaunchDisposition[];
const RIGHT_SIZING = ['BASIC', 'NONE'] as const satisfies readonly Mgn.TargetInstanceTypeRightSizingMethod[];
const BOOT_MODES = ['USE_SOURCE', 'LEGACY_BIOS', 'UEFI'] as const satisfies readonly Mgn.BootMode[];

export function LaunchConfigurationForm(props: {
  readonly configuration: Mgn.LaunchConfiguration;
}): ReactNode {
  const { configuration } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const [draft, setDraft] = useState(configuration);
  const { sourceServerID = '' } = configuration;
  const save = useChange({
    work: () =>
      mgn('UpdateLaunchConfiguration', {
        sourceServerID,
        launchDisposition: draft.launchDisposition,
        targetInstanceTypeRightSizingMethod: draft.targetInstanceTypeRightSizingMethod,
        bootMode: draft.bootMode,
        copyPrivateIp: draft.copyPrivateIp,
        copyTags: draft.copyTags,
      }),
    says: () => t('launch.saved'),
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('launch.configuration.text')}
          actions={
            <Button loading={save.isBusy} disabled={draft === configuration} onClick={save.run}>
              {t('common.save')}
            </Button>
          }
        >
          {t('launch.configuration')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ColumnLayout columns={3}>
          <Choice
            label="launch.disposition"
            values={DISPOSITIONS}
            chosen={draft.launchDisposition}
            onChoose={(launchDisposition) => setDraft({ ...draft, launchDisposition })}
          />
          <Choice
            label="launch.rightSizing"
            values={RIGHT_SIZING}
            chosen={draft.targetInstanceTypeRightSizingMethod}
            onChoose={(method) => setDraft({ ...draft, targetInstanceTypeRightSizingMethod: method })}
          />
          <Choice
            label="launch.bootMode"
            values={BOOT_MODES}
            chosen={draft.bootMode}
            onChoose={(bootMode) => setDraft({ ...draft, bootMode })}
          />
        </ColumnLayout>
        <Box>
          <Checkbox
            checked={draft.copyPrivateIp === true}
            onChange={({ detail }) => setDraft({ ...draft, copyPrivateIp: detail.checked })}
          >
            {t('launch.copyPrivateIp')}
          </Checkbox>
          <Checkbox
            checked={draft.copyTags === true}
            onChange={({ detail }) => setDraft({ ...draft, copyTags: detail.checked })}
          >
            {t('launch.copyTags')}
          </Checkbox>
        </Box>
      </SpaceBetween>
    </Container>
  );
}

type ChoiceLabel = 'launch.disposition' | 'launch.rightSizing' | 'launch.bootMode';

/** The words of a value stand under the key of the field, with the value at its end. */
function Choice<Value extends string>(props: {
  readonly label: ChoiceLabel;
  readonly values: readonly Value[];
  readonly chosen: Value | undefined;
  readonly onChoose: (value: Value) => void;
}): ReactNode {
  const { label, values, chosen, onChoose } = props;
  const { t } = useI18n();
  const options = values.map((value) => ({ value, label: t(`${label}.${value}` as MessageKey) }));
  return (
    <FormField label={t(label)}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === chosen) ?? null}
        onChange={({ detail }) => {
          const value = values.find((one) => one === detail.selectedOption.value);
          if (value !== undefined) onChoose(value);
        }}
      />
    </FormField>
  );
}
