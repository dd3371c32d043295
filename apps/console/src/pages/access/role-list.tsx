import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { ACCESS_PATH, roleHref } from './access-queries.ts';

const SECOND_MS = 1000;

export function RoleList(): ReactNode {
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const { follow } = useNavigation();
  return (
    <PagedTable<Landfall.IdentityRole>
      title={t('access.roles')}
      description={t('access.roles.text')}
      listing="roles"
      on={['IdentityChanged']}
      load={(page) => landfall('ListRoles', page)}
      trackBy="roleName"
      empty={<EmptyList title={t('access.roles.empty')} text={t('access.roles.emptyText')} />}
      actions={
        <Button variant="primary" href={hrefOf(`${ACCESS_PATH}/new-role`)} onFollow={follow}>
          {t('access.role.create')}
        </Button>
      }
      columns={[
        {
          id: 'name',
          header: t('common.name'),
          isRowHeader: true,
          cell: ({ roleName }) => (
            <Link href={roleHref(roleName)} onFollow={follow}>
              {roleName}
            </Link>
          ),
        },
        {
          id: 'policies',
          header: t('access.policies'),
          cell: ({ policies }) => policies.join(', ') || t('access.noPolicies'),
        },
        {
          id: 'session',
          header: t('access.role.session'),
          cell: ({ maxSessionSeconds }) => formats.duration(maxSessionSeconds * SECOND_MS),
        },
        {
          id: 'created',
          header: t('access.created'),
          cell: ({ createdDateTime }) => formats.dateTime(createdDateTime),
        },
      ]}
    />
  );
}
