/** What does not go on by itself, each with the way there. */
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { Landfall, Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { type Translate, useI18n } from '../../i18n/i18n-context.tsx';
import { serverName } from '../../servers/server-name.ts';
import { useNavigation } from '../../shell/navigation.tsx';
import { serverHref } from '../../shell/route.ts';
import type { Fleet } from './fleet.ts';

interface AlertItem {
  readonly type: 'error' | 'warning';
  readonly text: string;
  readonly href?: string;
}

const SHOWN_MAX = 8;

export interface AlertListProps {
  readonly fleet: Fleet;
  readonly service: Landfall.DescribeServiceResponse | undefined;
}

export function AlertList({ fleet, service }: AlertListProps): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  const alerts = alertsOf(t, fleet, service);
  if (alerts.length === 0)
    return <StatusIndicator type="success">{t('dashboard.alerts.none')}</StatusIndicator>;
  const more = alerts.length - SHOWN_MAX;
  return (
    <SpaceBetween size="xs">
      {alerts.slice(0, SHOWN_MAX).map(({ type, text, href }) => (
        <StatusIndicator key={text} type={type}>
          {text}{' '}
          {href === undefined ? null : (
            <Link href={href} onFollow={follow} ariaLabel={`${t('dashboard.alert.look')}: ${text}`}>
              {t('dashboard.alert.look')}
            </Link>
          )}
        </StatusIndicator>
      ))}
      {more > 0 && <span>{t('dashboard.alert.more', { count: more })}</span>}
    </SpaceBetween>
  );
}

function alertsOf(
  t: Translate,
  { stalled, paused }: Fleet,
  service: Landfall.DescribeServiceResponse | undefined,
): readonly AlertItem[] {
  const ofServer = (server: Mgn.SourceServer, type: AlertItem['type'], key: 'stalled' | 'paused') => ({
    type,
    text: t(`dashboard.alert.${key}`, { name: serverName(server) }),
    href: serverHref(server.sourceServerID ?? ''),
  });
  const { replicationServers = [], launchHosts = [] } = service ?? {};
  const away = <Item extends { readonly connected: boolean }>(items: readonly Item[]) =>
    items.filter(({ connected }) => !connected);
  const isLaunchable = service === undefined || launchHosts.some(({ connected }) => connected);
  return [
    ...away(replicationServers).map(({ replicationServerID: name }) => ({
      type: 'error' as const,
      text: t('dashboard.alert.replicationServer', { name }),
    })),
    ...(isLaunchable ? [] : [{ type: 'error' as const, text: t('dashboard.alert.noLaunchHost') }]),
    ...(isLaunchable ? away(launchHosts) : []).map(({ launchHostID: name }) => ({
      type: 'warning' as const,
      text: t('dashboard.alert.launchHost', { name }),
    })),
    ...stalled.map((server) => ofServer(server, 'error', 'stalled')),
    ...paused.map((server) => ofServer(server, 'warning', 'paused')),
  ];
}
