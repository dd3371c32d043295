/** The servers of a job, each with what is done for it now; one is chosen to be looked at closer. */
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { LaunchStatus } from '../../jobs/job-status.tsx';
import { MachineLink } from '../../machines/machine-link.tsx';
import { ServerLink } from '../../servers/server-link.tsx';
import { useLocalPages } from '../../widgets/local-pages.tsx';
import { currentStep, type JobProgress, stepsOf } from './job-steps.ts';

const PAGE_SIZE = 20;

export interface ParticipantsTableProps {
  readonly progress: JobProgress;
  readonly nameOf: (sourceServerID: string) => string;
  readonly chosen: string | undefined;
  readonly onChoose: (sourceServerID: string) => void;
}

export function ParticipantsTable(props: ParticipantsTableProps): ReactNode {
  const { progress, nameOf, chosen, onChoose } = props;
  const { t } = useI18n();
  const { participatingServers: servers = [] } = progress.job;
  const { shown, pagination } = useLocalPages(servers, PAGE_SIZE);
  return (
    <Table<Mgn.ParticipatingServer>
      header={
        <Header variant="h2" counter={`(${servers.length})`} description={t('job.servers.text')}>
          {t('job.servers.title')}
        </Header>
      }
      items={shown}
      trackBy="sourceServerID"
      selectionType="single"
      selectedItems={servers.filter(({ sourceServerID }) => sourceServerID === chosen)}
      onSelectionChange={({ detail }) => {
        const [server] = detail.selectedItems;
        if (server !== undefined) onChoose(server.sourceServerID);
      }}
      ariaLabels={{
        tableLabel: t('job.servers.title'),
        selectionGroupLabel: t('job.servers.title'),
        itemSelectionLabel: (_state, { sourceServerID }) =>
          t('servers.select.one', { name: nameOf(sourceServerID) }),
      }}
      empty={<Box textAlign="center">{t('common.none')}</Box>}
      {...(pagination === undefined ? {} : { pagination })}
      columnDefinitions={[
        {
          id: 'server',
          header: t('servers.column.server'),
          cell: ({ sourceServerID }) => (
            <ServerLink sourceServerID={sourceServerID} name={nameOf(sourceServerID)} />
          ),
          isRowHeader: true,
        },
        {
          id: 'status',
          header: t('common.state'),
          cell: ({ launchStatus = 'PENDING' }) => <LaunchStatus status={launchStatus} />,
        },
        {
          id: 'step',
          header: t('job.step'),
          cell: ({ sourceServerID }) => {
            const step = currentStep(stepsOf(progress, sourceServerID));
            return step === undefined ? t('common.none') : t(`job.step.${step}`);
          },
        },
        {
          id: 'machine',
          header: t('machines.column.machine'),
          cell: ({ launchedEc2InstanceID }) => <MachineLink machineID={launchedEc2InstanceID} />,
        },
      ]}
    />
  );
}
