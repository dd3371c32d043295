import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { useSubmission } from '../../shell/use-submission.ts';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { FormDialog } from '../../widgets/form-dialog.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { userHref } from './access-queries.ts';
import { isIdentityName } from './identity-names.ts';

export function UserList(): ReactNode {
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const { follow } = useNavigation();
  const [isMaking, setIsMaking] = useState(false);
  return (
    <>
      <PagedTable<Landfall.IdentityUser>
        title={t('access.users')}
        description={t('access.users.text')}
        listing="users"
        on={['IdentityChanged']}
        load={(page) => landfall('ListUsers', page)}
        trackBy="userName"
        empty={<EmptyList title={t('access.users.empty')} text={t('access.users.text')} />}
        actions={
          <Button variant="primary" onClick={() => setIsMaking(true)}>
            {t('access.user.create')}
          </Button>
        }
        columns={[
          {
            id: 'name',
            header: t('common.name'),
            isRowHeader: true,
            cell: ({ userName }) => (
              <Link href={userHref(userName)} onFollow={follow}>
                {userName}
              </Link>
            ),
          },
          {
            id: 'policies',
            header: t('access.policies'),
            cell: ({ policies }) => policies.join(', ') || t('access.noPolicies'),
          },
          {
            id: 'keys',
            header: t('access.keys'),
            cell: ({ accessKeys }) => formats.number(accessKeys),
          },
          {
            id: 'created',
            header: t('access.created'),
            cell: ({ createdDateTime }) => formats.dateTime(createdDateTime),
          },
        ]}
      />
      {isMaking && <CreateUserDialog onEnd={() => setIsMaking(false)} />}
    </>
  );
}

function CreateUserDialog({ onEnd }: { readonly onEnd: () => void }): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { go } = useNavigation();
  const [name, setName] = useState('');
  const userName = name.trim();
  const isRight = isIdentityName(userName);
  const create = useSubmission({
    work: () => landfall('CreateUser', { userName }),
    says: () => t('access.user.created', { name: userName }),
    onDone: () => go(userHref(userName)),
  });
  return (
    <FormDialog
      title={t('access.user.create')}
      text={t('access.user.createText')}
      submitText={t('access.user.create')}
      submission={create}
      isDisabled={!isRight}
      onCancel={onEnd}
    >
      <FormField
        label={t('common.name')}
        constraintText={t('access.nameNote')}
        errorText={name !== '' && !isRight ? t('access.nameWrong') : undefined}
      >
        <Input value={name} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </FormDialog>
  );
}
