import CollectionPreferences from '@cloudscape-design/components/collection-preferences';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { COLUMN_IDS, COLUMNS_DEFAULT, columnKey } from './servers-columns.tsx';

export interface Preferences {
  readonly pageSize: number;
  readonly wrapLines: boolean;
  readonly visibleContent: readonly string[];
}

export const PREFERENCES_DEFAULT: Preferences = {
  pageSize: 25,
  wrapLines: false,
  visibleContent: COLUMNS_DEFAULT,
};
const PAGE_SIZES = [10, 25, 50, 100];

export interface ServersPreferencesProps {
  readonly preferences: Preferences;
  readonly onChange: (preferences: Preferences) => void;
}

export function ServersPreferences({ preferences, onChange }: ServersPreferencesProps): ReactNode {
  const { t } = useI18n();
  return (
    <CollectionPreferences
      title={t('servers.preferences')}
      confirmLabel={t('common.save')}
      cancelLabel={t('common.cancel')}
      preferences={preferences}
      pageSizePreference={{
        title: t('servers.preferences.pageSize'),
        options: PAGE_SIZES.map((value) => ({ value, label: String(value) })),
      }}
      wrapLinesPreference={{ label: t('servers.preferences.wrap') }}
      visibleContentPreference={{
        title: t('servers.preferences.columns'),
        options: [
          {
            label: t('servers.preferences.columns'),
            options: COLUMN_IDS.map((id) => ({ id, label: t(columnKey(id)), editable: id !== 'server' })),
          },
        ],
      }}
      onConfirm={({ detail }) =>
        onChange({
          pageSize: detail.pageSize ?? PREFERENCES_DEFAULT.pageSize,
          wrapLines: detail.wrapLines ?? PREFERENCES_DEFAULT.wrapLines,
          visibleContent: detail.visibleContent ?? PREFERENCES_DEFAULT.visibleContent,
        })
      }
    />
  );
}
