/** States of a server in colour and words. */
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { syncedShare } from './sync-progress.ts';

const LIFE_CYCLE = {
  STOPPED: 'stopped',
  NOT_READY: 'pending',
  READY_FOR_TEST: 'info',
  TESTING: 'in-progress',
  READY_FOR_CUTOVER: 'info',
  CUTTING_OVER: 'in-progress',
  CUTOVER: 'success',
  DISCONNECTED: 'stopped',
  DISCOVERED: 'pending',
  PENDING_INSTALLATION: 'pending',
} as const satisfies Record<Mgn.LifeCycleState, StatusIndicatorProps.Type>;

const REPLICATION = {
  STOPPED: 'stopped',
  INITIATING: 'pending',
  INITIAL_SYNC: 'in-progress',
  BACKLOG: 'in-progress',
  CREATING_SNAPSHOT: 'in-progress',
  CONTINUOUS: 'success',
  PAUSED: 'stopped',
  RESCAN: 'in-progress',
  STALLED: 'error',
  DISCONNECTED: 'stopped',
  PENDING_SNAPSHOT_SHIPPING: 'pending',
  SHIPPING_SNAPSHOT: 'in-progress',
} as const satisfies Record<Mgn.DataReplicationState, StatusIndicatorProps.Type>;

export function LifeCycleStatus({ server }: { readonly server: Mgn.SourceServer }): ReactNode {
  const { t } = useI18n();
  const state = server.lifeCycle?.state ?? 'NOT_READY';
  return <StatusIndicator type={LIFE_CYCLE[state]}>{t(`lifeCycle.${state}`)}</StatusIndicator>;
}

export function ReplicationStatus({ server }: { readonly server: Mgn.SourceServer }): ReactNode {
  const { t, formats } = useI18n();
  const info = server.dataReplicationInfo;
  const state = info?.dataReplicationState ?? 'DISCONNECTED';
  const share = syncedShare(info);
  const isSyncing = state === 'INITIAL_SYNC' && share !== undefined;
  return (
    <StatusIndicator type={REPLICATION[state]}>
      {t(`replication.${state}`)}
      {isSyncing ? ` ${formats.percent(share)}` : ''}
    </StatusIndicator>
  );
}
