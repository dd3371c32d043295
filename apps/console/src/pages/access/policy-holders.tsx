/** The users and roles that a policy is attached to. */
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Table from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { roleHref, userHref } from './access-queries.ts';
import { type Holder, holderOfArn } from './identity-names.ts';

export function PolicyHolders({ attachedTo }: { readonly attachedTo: readonly string[] }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  const holders = attachedTo.flatMap((arn) => holderOfArn(arn) ?? []);
  const hrefOfHolder = ({ kind, name }: Holder) => (kind === 'user' ? userHref(name) : roleHref(name));
  return (
    <Table<Holder>
      header={<Header variant="h2">{t('access.policy.attachedTo')}</Header>}
      items={holders}
      trackBy={({ kind, name }) => `${kind}/${name}`}
      ariaLabels={{ tableLabel: t('access.policy.attachedTo') }}
      empty={<EmptyList title={t('access.policy.unheld')} text={t('access.policy.unheldText')} />}
      columnDefinitions={[
        {
          id: 'name',
          header: t('common.name'),
          isRowHeader: true,
          cell: (holder) => (
            <Link href={hrefOfHolder(holder)} onFollow={follow}>
              {holder.name}
            </Link>
          ),
        },
        { id: 'kind', header: t('access.holder.kind'), cell: ({ kind }) => t(`access.holder.${kind}`) },
      ]}
    />
  );
}
