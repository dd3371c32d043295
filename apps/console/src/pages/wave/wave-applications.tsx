/** The applications of a wave: which belong to it, and how each stands. */
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { GroupHealth, GroupProgress } from '../../groups/group-status.tsx';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { applicationHref } from '../../shell/route.ts';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { useLocalPages } from '../../widgets/local-pages.tsx';
import { AddApplicationsDialog, RemoveApplicationsDialog } from './membership-dialogs.tsx';

const PAGE_SIZE = 25;

export interface WaveApplicationsProps {
  readonly waveID: string;
  readonly name: string;
  readonly applications: readonly Mgn.Application[];
  readonly isArchived: boolean;
}

export function WaveApplications(props: WaveApplicationsProps): ReactNode {
  const { waveID, name, applications, isArchived } = props;
  const { t, formats } = useI18n();
  const { follow } = useNavigation();
  const [selectedIds, setSelectedIds] = useState<readonly string[]>([]);
  const [asked, setAsked] = useState<'add' | 'remove'>();
  const selected = applications.filter(({ applicationID = '' }) => selectedIds.includes(applicationID));
  const { shown, pagination } = useLocalPages(applications, PAGE_SIZE);
  const end = () => {
    setAsked(undefined);
    setSelectedIds([]);
  };
  return (
    <>
      <Table<Mgn.Application>
        header={
          <Header
            variant="h2"
            counter={`(${formats.number(applications.length)})`}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button disabled={isArchived} onClick={() => setAsked('add')}>
                  {t('group.wave.add')}
                </Button>
                <Button disabled={isArchived || selected.length === 0} onClick={() => setAsked('remove')}>
                  {t('group.wave.remove')}
                </Button>
              </SpaceBetween>
            }
          >
            {t('group.application.plural')}
          </Header>
        }
        items={shown}
        trackBy="applicationID"
        selectionType="multi"
        selectedItems={[...selected]}
        onSelectionChange={({ detail }) =>
          setSelectedIds(detail.selectedItems.map(({ applicationID = '' }) => applicationID))
        }
        ariaLabels={{
          tableLabel: t('group.application.plural'),
          selectionGroupLabel: t('group.application.plural'),
          allItemsSelectionLabel: () => t('group.selectAll'),
          itemSelectionLabel: (_state, item) => t('servers.select.one', { name: item.name ?? '' }),
        }}
        empty={<EmptyList title={t('group.wave.noApplications')} text={t('group.wave.noApplicationsText')} />}
        {...(pagination === undefined ? {} : { pagination })}
        columnDefinitions={[
          {
            id: 'name',
            header: t('common.name'),
            cell: ({ applicationID = '', name: label }) => (
              <Link href={applicationHref(applicationID)} onFollow={follow}>
                {label}
              </Link>
            ),
            isRowHeader: true,
          },
          {
            id: 'progress',
            header: t('group.progress'),
            cell: ({ applicationAggregatedStatus: status }) => (
              <GroupProgress status={status?.progressStatus} />
            ),
          },
          {
            id: 'health',
            header: t('group.health'),
            cell: ({ applicationAggregatedStatus: status }) => <GroupHealth status={status?.healthStatus} />,
          },
          {
            id: 'servers',
            header: t('group.application.members'),
            cell: ({ applicationAggregatedStatus: status }) =>
              formats.number(status?.totalSourceServers ?? 0),
          },
        ]}
      />
      {asked === 'add' && <AddApplicationsDialog waveID={waveID} onEnd={end} />}
      {asked === 'remove' && (
        <RemoveApplicationsDialog waveID={waveID} name={name} applications={selected} onEnd={end} />
      )}
    </>
  );
}
