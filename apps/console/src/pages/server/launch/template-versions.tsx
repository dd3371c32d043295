import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import type { Formats } from '../../../i18n/formats.ts';
import { type Translate, useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { InEnglish } from '../../../widgets/in-english.tsx';
import { NewVersionDialog } from './new-version-dialog.tsx';

export interface TemplateVersionsProps {
  readonly sourceServerID: string;
  readonly versions: readonly Landfall.LaunchTemplateVersion[];
}

export function TemplateVersions({ sourceServerID, versions }: TemplateVersionsProps): ReactNode {
  const { t, formats } = useI18n();
  const [isMaking, setIsMaking] = useState(false);
  const current = versions.find(({ isDefault }) => isDefault);
  return (
    <>
      <Table<Landfall.LaunchTemplateVersion>
        header={
          <Header
            variant="h2"
            description={t('launch.template.text')}
            actions={<Button onClick={() => setIsMaking(true)}>{t('launch.template.new')}</Button>}
          >
            {t('launch.template')}
          </Header>
        }
        items={[...versions]}
        ariaLabels={{ tableLabel: t('launch.template') }}
        empty={<Box textAlign="center">{t('common.none')}</Box>}
        columnDefinitions={[
          {
            id: 'version',
            header: t('launch.template.version'),
            cell: ({ versionNumber }) => String(versionNumber),
            isRowHeader: true,
          },
          {
            id: 'size',
            header: t('launch.template.size'),
            cell: ({ launchTemplateData: { instanceType } }) =>
              instanceType ?? t('launch.template.sizeUnset'),
          },
          {
            id: 'ports',
            header: t('launch.template.ports'),
            cell: ({ launchTemplateData }) => portsText(launchTemplateData, t),
          },
          {
            id: 'fill',
            header: t('launch.template.fill'),
            cell: ({ launchTemplateData }) => fillText(launchTemplateData, t, formats),
          },
          {
            id: 'description',
            header: t('launch.template.description'),
            cell: ({ versionDescription }) =>
              versionDescription === undefined ? (
                t('common.none')
              ) : (
                <InEnglish>{versionDescription}</InEnglish>
              ),
          },
          {
            id: 'created',
            header: t('launch.template.created'),
            cell: ({ createdDateTime }) => formats.dateTime(createdDateTime),
          },
          {
            id: 'default',
            header: t('launch.template.default'),
            cell: (version) =>
              version.isDefault ? (
                t('common.yes')
              ) : (
                <DefaultButton sourceServerID={sourceServerID} version={version} />
              ),
          },
        ]}
      />
      {isMaking && (
        <NewVersionDialog
          sourceServerID={sourceServerID}
          current={current}
          onEnd={() => setIsMaking(false)}
        />
      )}
    </>
  );
}

function portsText({ inboundPorts = [], inboundTraffic }: Landfall.LaunchTemplateData, t: Translate): string {
  const all = inboundTraffic === 'ALL' ? [t('launch.template.portsAll')] : [];
  return [...all, ...inboundPorts].join(', ') || t('common.none');
}

function fillText(
  { hydrationStart = 'AFTER_LAUNCH', hydrationBytesPerSecondMax: limit = 0 }: Landfall.LaunchTemplateData,
  t: Translate,
  formats: Formats,
): string {
  const when = t(`launch.template.fill.${hydrationStart}`);
  return limit === 0 ? when : `${when}, ≤ ${formats.rate(limit)}`;
}

function DefaultButton(props: {
  readonly sourceServerID: string;
  readonly version: Landfall.LaunchTemplateVersion;
}): ReactNode {
  const { sourceServerID, version } = props;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const number = String(version.versionNumber);
  const change = useChange({
    work: () => landfall('SetDefaultLaunchTemplateVersion', { sourceServerID, version: number }),
    says: () => t('launch.template.madeDefault', { version: number }),
  });
  return (
    <Button
      variant="inline-link"
      loading={change.isBusy}
      ariaLabel={t('launch.template.makeDefaultOf', { version: number })}
      onClick={change.run}
    >
      {t('launch.template.makeDefault')}
    </Button>
  );
}
