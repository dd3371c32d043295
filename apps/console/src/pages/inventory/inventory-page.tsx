/** The inventory as files: what was imported and exported. */
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useTitle } from '../../shell/console-context.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { PageTabs } from '../../widgets/page-tabs.tsx';
import { ExportList } from './export-list.tsx';
import { ImportList } from './import-list.tsx';
import { INVENTORY_PATH } from './inventory-files.ts';

export function InventoryPage(): ReactNode {
  const { t } = useI18n();
  useTitle(t('inventory.title'));
  useSurroundings([{ text: t('inventory.title'), href: hrefOf(INVENTORY_PATH) }]);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('inventory.description')}>
          {t('inventory.title')}
        </Header>
      }
    >
      <PageTabs
        label={t('inventory.title')}
        path={INVENTORY_PATH}
        tabs={[
          { id: 'imports', label: t('inventory.imports'), content: <ImportList /> },
          { id: 'exports', label: t('inventory.exports'), content: <ExportList /> },
        ]}
      />
    </ContentLayout>
  );
}
