/** Templates: what new servers begin with, and what machines are made of. */
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useTitle } from '../../shell/console-context.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { PageTabs } from '../../widgets/page-tabs.tsx';
import { LaunchTemplateList } from './launch-template-list.tsx';
import { MachineTemplates } from './machine-templates.tsx';
import { ReplicationTemplateList } from './replication-template-list.tsx';
import { TEMPLATES_PATH } from './template-values.ts';

export function TemplatesPage(): ReactNode {
  const { t } = useI18n();
  useTitle(t('templates.title'));
  useSurroundings([{ text: t('templates.title'), href: hrefOf(TEMPLATES_PATH) }]);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('templates.description')}>
          {t('templates.title')}
        </Header>
      }
    >
      <PageTabs
        label={t('templates.title')}
        path={TEMPLATES_PATH}
        tabs={[
          {
            id: 'replication',
            label: t('templates.tab.replication'),
            content: <ReplicationTemplateList />,
          },
          { id: 'launch', label: t('templates.tab.launch'), content: <LaunchTemplateList /> },
          { id: 'machines', label: t('templates.tab.machines'), content: <MachineTemplates /> },
        ]}
      />
    </ContentLayout>
  );
}
