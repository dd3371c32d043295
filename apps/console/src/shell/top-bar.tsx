import TopNavigation, { type TopNavigationProps } from '@cloudscape-design/components/top-navigation';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { POLL_MS } from '../api/event-stream.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { LANGUAGE_NAMES, LANGUAGES } from '../i18n/languages.ts';
import { useSession } from '../session/session-gate.tsx';
import { useConsole } from './console-context.tsx';
import { useNavigation } from './navigation.tsx';
import { hrefOf } from './route.ts';
import { applyTheme, storedTheme, THEMES, type Theme } from './theme.ts';

export function TopBar(): ReactNode {
  const { t, language, choose } = useI18n();
  const { session } = useConsole();
  const { go } = useNavigation();
  const state = useSession();
  const [theme, setTheme] = useState<Theme>(storedTheme);
  useEffect(() => applyTheme(theme), [theme]);
  const keyId = state.kind === 'SIGNED_OUT' ? '' : state.keyId;
  const utilities: TopNavigationProps.Utility[] = [
    useStreamState(),
    {
      type: 'menu-dropdown',
      text: LANGUAGE_NAMES[language],
      ariaLabel: `${t('shell.language')}: ${LANGUAGE_NAMES[language]}`,
      items: LANGUAGES.map((id) => ({ id, text: LANGUAGE_NAMES[id] })),
      onItemClick: ({ detail }) => choose(LANGUAGES.find((id) => id === detail.id) ?? 'en'),
    },
    {
      type: 'menu-dropdown',
      iconName: 'settings',
      title: t('shell.theme'),
      ariaLabel: t('shell.theme'),
      items: THEMES.map((id) => ({
        id,
        itemType: 'checkbox',
        checked: id === theme,
        text: t(`shell.theme.${id}`),
      })),
      onItemClick: ({ detail }) => setTheme(THEMES.find((id) => id === detail.id) ?? 'system'),
    },
    {
      type: 'menu-dropdown',
      iconName: 'user-profile',
      text: keyId,
      ariaLabel: t('shell.user', { keyId }),
      items: [{ id: 'sign-out', text: t('session.signOut') }],
      onItemClick: () => session.signOut(),
    },
  ];
  const identity = {
    title: 'Landfall',
    href: hrefOf('/'),
    onFollow: (event: { preventDefault(): void }) => {
      event.preventDefault();
      go(hrefOf('/'));
    },
  };
  return <TopNavigation identity={identity} utilities={utilities} />;
}

/** Whether what is shown comes by itself. */
function useStreamState(): TopNavigationProps.Utility {
  const { t } = useI18n();
  const { stream, queries } = useConsole();
  const state = useSyncExternalStore(stream.subscribe, () => stream.state);
  const seconds = POLL_MS / 1000;
  const words = {
    LIVE: { text: t('shell.live'), title: t('shell.live.text'), iconName: 'status-positive' },
    CONNECTING: { text: t('shell.connecting'), title: t('shell.connecting'), iconName: 'status-pending' },
    DOWN: {
      text: t('shell.polling', { seconds }),
      title: t('shell.polling.text', { seconds }),
      iconName: 'status-warning',
    },
  } as const;
  const { text, title, iconName } = words[state];
  return {
    type: 'button',
    text,
    title,
    ariaLabel: `${text}: ${title}`,
    iconName,
    onClick: () => queries.refreshAll(),
  };
}
