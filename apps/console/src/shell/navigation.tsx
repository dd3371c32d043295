/** Where the browser is, and how to get elsewhere without loading the page anew. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { BASE, type Location, parseLocation } from './route.ts';

export interface Navigation {
  readonly location: Location;
  readonly go: (href: string, how?: 'PUSH' | 'REPLACE') => void;
  /** For `onFollow` of Cloudscape's links. */
  readonly follow: (event: FollowEvent) => void;
}

interface FollowEvent {
  readonly detail: { readonly href?: string | undefined; readonly external?: boolean };
  preventDefault(): void;
}

const Context = createContext<Navigation | undefined>(undefined);

export function useNavigation(): Navigation {
  const navigation = useContext(Context);
  if (navigation === undefined) throw new Error('useNavigation outside NavigationBoundary');
  return navigation;
}

export function NavigationBoundary({ children }: { readonly children: ReactNode }): ReactNode {
  const [location, setLocation] = useState(here);
  useEffect(() => {
    const onMove = () => setLocation(here());
    window.addEventListener('popstate', onMove);
    return () => window.removeEventListener('popstate', onMove);
  }, []);
  const go = useCallback((href: string, how: 'PUSH' | 'REPLACE' = 'PUSH') => {
    if (how === 'PUSH') history.pushState(null, '', href);
    else history.replaceState(null, '', href);
    setLocation(here());
    if (how === 'PUSH') window.scrollTo(0, 0);
  }, []);
  const navigation = useMemo<Navigation>(
    () => ({ location, go, follow: (event) => follow(event, go) }),
    [location, go],
  );
  return <Context.Provider value={navigation}>{children}</Context.Provider>;
}

function here(): Location {
  return parseLocation(window.location.pathname, window.location.search);
}

function follow(event: FollowEvent, go: Navigation['go']): void {
  const { href, external } = event.detail;
  if (external === true || href === undefined || !href.startsWith(`${BASE}/`)) return;
  event.preventDefault();
  go(href);
}
