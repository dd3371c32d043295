import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { diffTemplates, type TemplateDifference } from './template-diff.ts';

export function TemplateDiff(props: {
  readonly versions: readonly Landfall.LaunchTemplateVersion[];
}): ReactNode {
  const { versions } = props;
  const { t } = useI18n();
  return (
    <Container header={<Header variant="h2">{t('launch.diff')}</Header>}>
      {versions.length < 2 ? <Box>{t('launch.diff.one')}</Box> : <Comparison versions={versions} />}
    </Container>
  );
}

/** Newest first; at first the newest beside the one before. */
function Comparison(props: { readonly versions: readonly Landfall.LaunchTemplateVersion[] }): ReactNode {
  const { versions } = props;
  const { t } = useI18n();
  const [chosen, setChosen] = useState<{ readonly from?: string; readonly to?: string }>({});
  const numberOf = (index: number) => String(versions[index]?.versionNumber ?? '');
  const from = chosen.from ?? numberOf(1);
  const to = chosen.to ?? numberOf(0);
  const templateOf = (version: string) =>
    versions.find(({ versionNumber }) => String(versionNumber) === version)?.launchTemplateData ?? {};
  return (
    <SpaceBetween size="m">
      <ColumnLayout columns={2}>
        <VersionChoice
          label={t('launch.diff.from')}
          versions={versions}
          chosen={from}
          onChoose={(version) => setChosen({ ...chosen, from: version })}
        />
        <VersionChoice
          label={t('launch.diff.to')}
          versions={versions}
          chosen={to}
          onChoose={(version) => setChosen({ ...chosen, to: version })}
        />
      </ColumnLayout>
      <Differences differences={diffTemplates(templateOf(from), templateOf(to))} />
    </SpaceBetween>
  );
}

function VersionChoice(props: {
  readonly label: string;
  readonly versions: readonly Landfall.LaunchTemplateVersion[];
  readonly chosen: string;
  readonly onChoose: (version: string) => void;
}): ReactNode {
  const { label, versions, chosen, onChoose } = props;
  const options = versions.map(({ versionNumber, versionDescription }) => ({
    value: String(versionNumber),
    label: String(versionNumber),
    ...(versionDescription === undefined ? {} : { description: versionDescription }),
  }));
  return (
    <FormField label={label}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === chosen) ?? null}
        onChange={({ detail }) => onChoose(detail.selectedOption.value ?? chosen)}
      />
    </FormField>
  );
}

function Differences({ differences }: { readonly differences: readonly TemplateDifference[] }): ReactNode {
  const { t } = useI18n();
  return (
    <Table<TemplateDifference>
      variant="embedded"
      items={[...differences]}
      trackBy="path"
      ariaLabels={{ tableLabel: t('launch.diff') }}
      empty={<Box textAlign="center">{t('launch.diff.none')}</Box>}
      columnDefinitions={[
        { id: 'path', header: t('launch.diff.path'), cell: ({ path }) => path, isRowHeader: true },
        { id: 'before', header: t('launch.diff.before'), cell: ({ before }) => <del>{before}</del> },
        { id: 'after', header: t('launch.diff.after'), cell: ({ after }) => <ins>{after}</ins> },
      ]}
    />
  );
}
