/** The columns of the list of machines. */
import type { TableProps } from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import type { I18n } from '../../i18n/i18n-context.tsx';
import { MachineLink } from '../../machines/machine-link.tsx';
import { MachineStatus } from '../../machines/machine-status.tsx';
import { ServerLink } from '../../servers/server-link.tsx';
import { hydratedShare } from '../machine/hydration-pace.ts';

const COLUMN_IDS = [
  'machine',
  'server',
  'purpose',
  'phase',
  'point',
  'started',
  'address',
  'hydration',
] as const;
type ColumnId = (typeof COLUMN_IDS)[number];
type Cell = (machine: Landfall.LaunchedMachine) => ReactNode;

export function machineColumns(
  { t, formats }: I18n,
  nameOf: (sourceServerID: string) => string,
): readonly TableProps.ColumnDefinition<Landfall.LaunchedMachine>[] {
  const cells: Readonly<Record<ColumnId, Cell>> = {
    machine: ({ machineID }) => <MachineLink machineID={machineID} />,
    server: ({ sourceServerID: id }) => <ServerLink sourceServerID={id} name={nameOf(id)} />,
    purpose: ({ purpose }) => t(`machine.purpose.${purpose}`),
    phase: ({ phase }) => <MachineStatus phase={phase} />,
    point: ({ recoveryPoint }) => formats.instant(recoveryPoint.cutDateTime),
    started: ({ startedDateTime }) => formats.dateTime(startedDateTime),
    address: ({ published }) =>
      published.map(({ guestPort, host, port }) => `${guestPort} → ${host}:${port}`).join(', ') ||
      t('common.none'),
    hydration: ({ hydration }) => {
      const share = hydratedShare(hydration);
      const words = t(`machine.hydration.${hydration.state}`);
      return hydration.state === 'RUNNING' && share !== undefined
        ? `${words} ${formats.percent(share)}`
        : words;
    },
  };
  return COLUMN_IDS.map((id) => ({
    id,
    header: t(`machines.column.${id}`),
    cell: cells[id],
    isRowHeader: id === 'machine',
    minWidth: 110,
  }));
}
