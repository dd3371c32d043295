/** The columns of the list of jobs. */
import type { TableProps } from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import type { I18n } from '../../i18n/i18n-context.tsx';
import { JobLink } from '../../jobs/job-link.tsx';
import { endedCount, tookMs } from '../../jobs/job-outcome.ts';
import { JobStatus } from '../../jobs/job-status.tsx';

const COLUMN_IDS = ['job', 'kind', 'status', 'servers', 'begun', 'took'] as const;
type ColumnId = (typeof COLUMN_IDS)[number];
type Cell = (job: Mgn.Job) => ReactNode;
const NAMES_SHOWN_MAX = 2;

export function jobColumns(
  { t, formats }: I18n,
  nameOf: (sourceServerID: string) => string,
): readonly TableProps.ColumnDefinition<Mgn.Job>[] {
  const cells: Readonly<Record<ColumnId, Cell>> = {
    job: ({ jobID }) => <JobLink jobID={jobID} />,
    kind: ({ initiatedBy = 'START_TEST' }) => t(`job.${initiatedBy}`),
    status: (job) => <JobStatus job={job} />,
    servers: (job) => {
      const { participatingServers: servers = [] } = job;
      if (servers.length > NAMES_SHOWN_MAX)
        return t('jobs.servers', { done: endedCount(job), count: servers.length });
      return servers.map(({ sourceServerID }) => nameOf(sourceServerID)).join(', ');
    },
    begun: ({ creationDateTime }) => formats.dateTime(creationDateTime),
    took: (job) => formats.duration(tookMs(job)),
  };
  return COLUMN_IDS.map((id) => ({
    id,
    header: t(`jobs.column.${id}`),
    cell: cells[id],
    isRowHeader: id === 'job',
    minWidth: 110,
  }));
}
