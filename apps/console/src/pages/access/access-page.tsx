/** Who may do what: users, roles, and the policies that say it. */
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useTitle } from '../../shell/console-context.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { PageTabs } from '../../widgets/page-tabs.tsx';
import { ACCESS_PATH } from './access-queries.ts';
import { PolicyList } from './policy-list.tsx';
import { RoleList } from './role-list.tsx';
import { UserList } from './user-list.tsx';

export function AccessPage(): ReactNode {
  const { t } = useI18n();
  useTitle(t('access.title'));
  useSurroundings([{ text: t('access.title'), href: hrefOf(ACCESS_PATH) }]);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('access.description')}>
          {t('access.title')}
        </Header>
      }
    >
      <PageTabs
        label={t('access.title')}
        path={ACCESS_PATH}
        tabs={[
          { id: 'users', label: t('access.users'), content: <UserList /> },
          { id: 'roles', label: t('access.roles'), content: <RoleList /> },
          { id: 'policies', label: t('access.policies'), content: <PolicyList /> },
        ]}
      />
    </ContentLayout>
  );
}
