/** One server: its migration, its replication, its past, and how it will be launched. */
import Alert from '@cloudscape-design/components/alert';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import type { Mgn } from '@landfall/api/types';
import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';
import { isGone } from '../../api/failure.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { serverName } from '../../servers/server-name.ts';
import { serverQuery } from '../../servers/server-queries.ts';
import { useServerActions } from '../../servers/use-server-actions.tsx';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { useParameter } from '../../shell/pages.tsx';
import { hrefOf, serverHref } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { Waiting } from '../../widgets/waiting.tsx';
import { OverviewTab } from './overview/overview-tab.tsx';

export interface ServerTabProps {
  readonly server: Mgn.SourceServer;
}

function tab<Name extends string>(
  load: () => Promise<Record<Name, ComponentType<ServerTabProps>>>,
  name: Name,
) {
  return lazy(async () => ({ default: (await load())[name] }));
}

const HELP = ['help.server.1', 'help.server.2'] as const;

const TABS = {
  overview: OverviewTab,
  replication: tab(() => import('./replication/replication-tab.tsx'), 'ReplicationTab'),
  timeline: tab(() => import('./timeline/timeline-tab.tsx'), 'TimelineTab'),
  preflight: tab(() => import('./preflight/preflight-tab.tsx'), 'PreflightTab'),
  launch: tab(() => import('./launch/launch-tab.tsx'), 'LaunchTab'),
  actions: tab(() => import('./actions/actions-tab.tsx'), 'ActionsTab'),
  details: tab(() => import('./details/details-tab.tsx'), 'DetailsTab'),
  events: tab(() => import('./events/events-tab.tsx'), 'EventsTab'),
} as const;
type TabId = keyof typeof TABS;
const TAB_IDS = Object.keys(TABS) as readonly TabId[];

export function ServerPage(): ReactNode {
  const { t } = useI18n();
  const { mgn, queries } = useConsole();
  const serverId = useParameter('serverId');
  const query = serverQuery(mgn, serverId);
  const answer = useLive(query);
  const name = answer.value === undefined ? serverId : serverName(answer.value);
  useTitle(name);
  useSurroundings(
    [
      { text: t('shell.servers'), href: hrefOf('/servers') },
      { text: name, href: serverHref(serverId) },
    ],
    HELP,
  );
  if (answer.failure !== undefined && isGone(answer.failure)) {
    return <GonePage name={name} listHref={hrefOf('/servers')} />;
  }
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(server) => <KnownServer server={server} />}
    </LiveState>
  );
}

function KnownServer({ server }: ServerTabProps): ReactNode {
  const { t } = useI18n();
  const { location, go } = useNavigation();
  const actions = useServerActions([server]);
  const { sourceServerID = '' } = server;
  const activeId = TAB_IDS.find((id) => id === location.query.tab) ?? 'overview';
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={sourceServerID} actions={actions.menu}>
          {serverName(server)}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {server.isArchived === true && <Alert type="info">{t('server.archived')}</Alert>}
        <Tabs
          ariaLabel={t('server.tabs')}
          activeTabId={activeId}
          onChange={({ detail }) => go(serverHref(sourceServerID, { tab: detail.activeTabId }), 'REPLACE')}
          tabs={TAB_IDS.map((id) => ({
            id,
            label: t(`server.tab.${id}`),
            content: <Tab id={id} server={server} />,
          }))}
        />
        {actions.dialog}
      </SpaceBetween>
    </ContentLayout>
  );
}

function Tab({ id, server }: ServerTabProps & { readonly id: TabId }): ReactNode {
  const Content = TABS[id];
  return (
    <Suspense fallback={<Waiting />}>
      <Content server={server} />
    </Suspense>
  );
}
