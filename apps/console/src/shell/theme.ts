/** Light, dark, or as the system; kept for the next visit. */
import { applyMode, Mode } from '@cloudscape-design/global-styles';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const STORED_AS = 'landfall-theme';

export function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED_AS);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

/** Returns what ends its following the system. */
export function applyTheme(theme: Theme): () => void {
  localStorage.setItem(STORED_AS, theme);
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const isDark = theme === 'dark' || (theme === 'system' && system.matches);
    applyMode(isDark ? Mode.Dark : Mode.Light);
  };
  apply();
  system.addEventListener('change', apply);
  return () => system.removeEventListener('change', apply);
}
