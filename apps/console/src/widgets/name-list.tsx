/** The first few of many names, and how many more there are. */
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

const SHOWN_MAX = 8;

export function NameList({ names }: { readonly names: readonly string[] }): ReactNode {
  const { t } = useI18n();
  const more = names.length - SHOWN_MAX;
  return (
    <ul>
      {names.slice(0, SHOWN_MAX).map((name) => (
        <li key={name}>{name}</li>
      ))}
      {more > 0 && <li>{t('common.andMore', { count: more })}</li>}
    </ul>
  );
}
