import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { ACCESS_PATH, policyHref } from './access-queries.ts';

export function PolicyList(): ReactNode {
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const { follow } = useNavigation();
  return (
    <PagedTable<Landfall.IdentityPolicy>
      title={t('access.policies')}
      description={t('access.policies.text')}
      listing="policies"
      on={['IdentityChanged']}
      load={(page) => landfall('ListPolicies', page)}
      trackBy="policyName"
      empty={<EmptyList title={t('access.policies.empty')} text={t('access.policies.text')} />}
      actions={
        <Button variant="primary" href={hrefOf(`${ACCESS_PATH}/new-policy`)} onFollow={follow}>
          {t('access.policy.create')}
        </Button>
      }
      columns={[
        {
          id: 'name',
          header: t('common.name'),
          isRowHeader: true,
          cell: ({ policyName, managed }) => (
            <SpaceBetween direction="horizontal" size="xs">
              <Link href={policyHref(policyName)} onFollow={follow}>
                {policyName}
              </Link>
              {managed && <Badge>{t('access.policy.managed')}</Badge>}
            </SpaceBetween>
          ),
        },
        {
          id: 'attached',
          header: t('access.policy.attachedTo'),
          cell: ({ attachedTo }) => t('access.policy.holders', { count: attachedTo.length }),
        },
        {
          id: 'updated',
          header: t('access.policy.updated'),
          cell: ({ updatedDateTime }) => formats.dateTime(updatedDateTime),
        },
      ]}
    />
  );
}
