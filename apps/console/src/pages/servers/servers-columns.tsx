/** The columns of the list of servers. */
import Link from '@cloudscape-design/components/link';
import type { TableProps } from '@cloudscape-design/components/table';
import type { Landfall, Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { parseIsoDuration } from '../../i18n/formats.ts';
import type { I18n } from '../../i18n/i18n-context.tsx';
import type { MessageKey } from '../../i18n/languages.ts';
import { nextStep, nextStepKey } from '../../servers/next-step.ts';
import { diskBytes, serverName } from '../../servers/server-name.ts';
import { LifeCycleStatus, ReplicationStatus } from '../../servers/server-status.tsx';
import { etaOf } from '../../servers/sync-progress.ts';
import type { Navigation } from '../../shell/navigation.tsx';
import { serverHref } from '../../shell/route.ts';

export const COLUMN_IDS = [
  'server',
  'lifeCycle',
  'replication',
  'lag',
  'eta',
  'next',
  'application',
  'os',
  'size',
  'added',
] as const;
export type ColumnId = (typeof COLUMN_IDS)[number];

export const COLUMNS_DEFAULT: readonly ColumnId[] = [
  'server',
  'lifeCycle',
  'replication',
  'lag',
  'eta',
  'next',
];

export function columnKey(id: ColumnId): MessageKey {
  return `servers.column.${id}`;
}

/** What the service can sort by. */
export const SORTED_COLUMNS: Partial<Readonly<Record<ColumnId, Landfall.ServerSort>>> = {
  server: 'NAME',
  lifeCycle: 'LIFE_CYCLE',
  lag: 'LAG',
  eta: 'ETA',
  added: 'ADDED',
};

type Cell = (server: Mgn.SourceServer) => ReactNode;

export function serverColumns(
  { t, formats }: I18n,
  { follow }: Navigation,
): readonly TableProps.ColumnDefinition<Mgn.SourceServer>[] {
  const cells: Readonly<Record<ColumnId, Cell>> = {
    server: (server) => (
      <Link href={serverHref(server.sourceServerID ?? '')} onFollow={follow}>
        {serverName(server)}
      </Link>
    ),
    lifeCycle: (server) => <LifeCycleStatus server={server} />,
    replication: (server) => <ReplicationStatus server={server} />,
    lag: ({ dataReplicationInfo }) => formats.duration(parseIsoDuration(dataReplicationInfo?.lagDuration)),
    eta: ({ dataReplicationInfo }) => formats.dateTime(etaOf(dataReplicationInfo)),
    next: (server) => t(nextStepKey(nextStep(server))),
    application: ({ applicationID }) => applicationID ?? t('common.none'),
    os: ({ sourceProperties }) => sourceProperties?.os?.fullString ?? t('common.unknown'),
    size: (server) => formats.bytes(diskBytes(server)),
    added: ({ lifeCycle }) => formats.dateTime(lifeCycle?.addedToServiceDateTime),
  };
  return COLUMN_IDS.map((id) => ({
    id,
    header: t(columnKey(id)),
    cell: cells[id],
    isRowHeader: id === 'server',
    ...(SORTED_COLUMNS[id] === undefined ? {} : { sortingField: SORTED_COLUMNS[id] }),
    minWidth: id === 'server' ? 160 : 110,
  }));
}
