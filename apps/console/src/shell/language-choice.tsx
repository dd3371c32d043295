import SegmentedControl from '@cloudscape-design/components/segmented-control';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { LANGUAGE_NAMES, LANGUAGES } from '../i18n/languages.ts';

export function LanguageChoice(): ReactNode {
  const { t, language, choose } = useI18n();
  return (
    <SegmentedControl
      label={t('shell.language')}
      selectedId={language}
      options={LANGUAGES.map((id) => ({ id, text: LANGUAGE_NAMES[id] }))}
      onChange={({ detail }) => choose(LANGUAGES.find((id) => id === detail.selectedId) ?? 'en')}
    />
  );
}
