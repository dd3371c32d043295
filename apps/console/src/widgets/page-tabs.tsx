/**
 * The parts of a page as tabs; which one is shown stands in the address, so that it can be sent to
 * somebody.
 */
import Tabs from '@cloudscape-design/components/tabs';
import type { ReactNode } from 'react';
import { useNavigation } from '../shell/navigation.tsx';
import { hrefOf } from '../shell/route.ts';

export interface PageTab {
  readonly id: string;
  readonly label: string;
  readonly content: ReactNode;
}

export interface PageTabsProps {
  readonly label: string;
  /** Of the page they are on. */
  readonly path: string;
  /** The first is shown when the address names none. */
  readonly tabs: readonly PageTab[];
}

export function PageTabs({ label, path, tabs }: PageTabsProps): ReactNode {
  const { location, go } = useNavigation();
  const active = tabs.find(({ id }) => id === location.query.tab) ?? tabs[0];
  return (
    <Tabs
      ariaLabel={label}
      activeTabId={active?.id ?? ''}
      tabs={[...tabs]}
      onChange={({ detail }) => go(hrefOf(path, { tab: detail.activeTabId }), 'REPLACE')}
    />
  );
}
