/** Around every page: navigation, breadcrumbs, messages, help. */
import AppLayout from '@cloudscape-design/components/app-layout';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import Flashbar from '@cloudscape-design/components/flashbar';
import HelpPanel from '@cloudscape-design/components/help-panel';
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation';
import { createContext, type ReactNode, Suspense, useContext, useEffect, useMemo, useState } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import type { MessageKey } from '../i18n/languages.ts';
import { useSession } from '../session/session-gate.tsx';
import { Waiting } from '../widgets/waiting.tsx';
import { useConsole } from './console-context.tsx';
import { useFlashes } from './flashes.tsx';
import { useNavigation } from './navigation.tsx';
import { NotFoundPage } from './not-found-page.tsx';
import { PageBoundary } from './page-boundary.tsx';
import { NAVIGATION } from './page-table.ts';
import { type FoundPage, findPage, PAGES, ParametersContext } from './pages.tsx';
import { hrefOf } from './route.ts';
import { keepStreamWhileVisible } from './stream-upkeep.ts';
import { TopBar } from './top-bar.tsx';

export interface Crumb {
  readonly text: string;
  readonly href: string;
}

interface Surroundings {
  readonly setHelp: (help: readonly MessageKey[]) => void;
  readonly setCrumbs: (crumbs: readonly Crumb[]) => void;
}

const SurroundingsContext = createContext<Surroundings | undefined>(undefined);

/** What a page says of where it is, and its help, a message for each paragraph; both go with it. */
export function useSurroundings(crumbs: readonly Crumb[], help: readonly MessageKey[] = []): void {
  const surroundings = useContext(SurroundingsContext);
  const key = JSON.stringify(crumbs);
  useEffect(() => {
    surroundings?.setCrumbs(JSON.parse(key) as Crumb[]);
  }, [surroundings, key]);
  const helpKey = JSON.stringify(help);
  useEffect(() => {
    surroundings?.setHelp(JSON.parse(helpKey) as MessageKey[]);
    return () => surroundings?.setHelp([]);
  }, [surroundings, helpKey]);
}

export function Shell(): ReactNode {
  const { stream, clock } = useConsole();
  const { location, follow } = useNavigation();
  const { t } = useI18n();
  const { items } = useFlashes();
  const isSignedIn = useSession().kind === 'SIGNED_IN';
  const [help, setHelp] = useState<readonly MessageKey[]>([]);
  const [crumbs, setCrumbs] = useState<readonly Crumb[]>([]);
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const surroundings = useMemo(() => ({ setHelp, setCrumbs }), []);
  useEffect(() => {
    if (!isSignedIn) return;
    return keepStreamWhileVisible({ stream, page: document, clock });
  }, [stream, clock, isSignedIn]);
  const found = findPage(location.path);
  return (
    <SurroundingsContext.Provider value={surroundings}>
      <div id="top-bar">
        <TopBar />
      </div>
      <AppLayout
        headerSelector="#top-bar"
        navigation={<Navigation found={found} />}
        breadcrumbs={
          <BreadcrumbGroup
            ariaLabel={t('shell.breadcrumbs')}
            items={[{ text: 'Landfall', href: hrefOf('/') }, ...crumbs]}
            onFollow={follow}
          />
        }
        notifications={<Flashbar items={[...items]} stackItems />}
        tools={<Help paragraphs={help} />}
        toolsHide={help.length === 0}
        toolsOpen={isHelpOpen && help.length > 0}
        onToolsChange={({ detail }) => setIsHelpOpen(detail.open)}
        content={<Content found={found} path={location.path} />}
        ariaLabels={{
          navigation: t('shell.navigation'),
          navigationToggle: t('shell.openNavigation'),
          navigationClose: t('shell.closeNavigation'),
          notifications: t('shell.notifications'),
          tools: t('shell.help'),
          toolsToggle: t('shell.openHelp'),
          toolsClose: t('shell.closeHelp'),
        }}
      />
    </SurroundingsContext.Provider>
  );
}

function Help({ paragraphs }: { readonly paragraphs: readonly MessageKey[] }): ReactNode {
  const { t } = useI18n();
  return (
    <HelpPanel header={<h2>{t('shell.help')}</h2>}>
      {paragraphs.map((key) => (
        <p key={key}>{t(key)}</p>
      ))}
    </HelpPanel>
  );
}

function Navigation({ found }: { readonly found: FoundPage | undefined }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  const links = NAVIGATION.map((group) =>
    group.flatMap((pattern): SideNavigationProps.Link[] => {
      const page = PAGES.find((one) => one.pattern === pattern);
      return page === undefined ? [] : [{ type: 'link', text: t(page.title), href: hrefOf(pattern) }];
    }),
  );
  const items = links.flatMap((group, index): SideNavigationProps.Item[] =>
    index === 0 ? group : [{ type: 'divider' }, ...group],
  );
  const active = found?.page.under ?? found?.page.pattern ?? '';
  return <SideNavigation items={items} activeHref={hrefOf(active)} onFollow={follow} />;
}

function Content(props: { readonly found: FoundPage | undefined; readonly path: string }): ReactNode {
  const { found, path } = props;
  if (found === undefined) return <NotFoundPage />;
  const Loaded = found.page.load;
  return (
    <ParametersContext.Provider value={found.parameters}>
      <PageBoundary key={path}>
        <Suspense fallback={<Waiting />}>
          <Loaded />
        </Suspense>
      </PageBoundary>
    </ParametersContext.Provider>
  );
}
