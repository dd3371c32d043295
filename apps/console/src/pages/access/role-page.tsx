/** One role: who may become it, what it may do, and its end. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { isGone } from '../../api/failure.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { useParameter } from '../../shell/pages.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import { CopyText } from '../../widgets/copy-text.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { ACCESS_PATH, roleHref, roleQuery } from './access-queries.ts';
import { AttachedPolicies } from './attached-policies.tsx';
import { PolicyField } from './policy-field.tsx';
import { readablePolicy } from './policy-text.ts';

const SECOND_MS = 1000;

export function RolePage(): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  const roleName = useParameter('roleName');
  const query = roleQuery(landfall, roleName);
  const answer = useLive(query);
  const listHref = hrefOf(ACCESS_PATH, { tab: 'roles' });
  useTitle(roleName);
  useSurroundings([
    { text: t('access.title'), href: listHref },
    { text: roleName, href: roleHref(roleName) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure))
    return <GonePage name={roleName} listHref={listHref} />;
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(role) => <KnownRole role={role} />}
    </LiveState>
  );
}

function KnownRole({ role }: { readonly role: Landfall.IdentityRole }): ReactNode {
  const { t, formats } = useI18n();
  const [isEnding, setIsEnding] = useState(false);
  const { roleName, arn, policies, createdDateTime, maxSessionSeconds, trustPolicy } = role;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={<Button onClick={() => setIsEnding(true)}>{t('access.role.delete')}</Button>}
        >
          {roleName}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Container>
          <KeyValuePairs
            columns={3}
            items={[
              { label: 'ARN', value: <CopyText text={arn} /> },
              { label: t('access.role.session'), value: formats.duration(maxSessionSeconds * SECOND_MS) },
              { label: t('access.created'), value: formats.dateTime(createdDateTime) },
            ]}
          />
        </Container>
        <AttachedPolicies holder={{ kind: 'role', name: roleName }} policies={policies} />
        <Container>
          <PolicyField
            label={t('access.role.trust')}
            description={t('access.role.trustFixed')}
            text={readablePolicy(trustPolicy)}
            isReadOnly
          />
        </Container>
      </SpaceBetween>
      {isEnding && <DeleteRoleDialog roleName={roleName} onEnd={() => setIsEnding(false)} />}
    </ContentLayout>
  );
}

function DeleteRoleDialog(props: { readonly roleName: string; readonly onEnd: () => void }): ReactNode {
  const { roleName, onEnd } = props;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { go } = useNavigation();
  const remove = useChange({
    work: async () => {
      await landfall('DeleteRole', { roleName });
      go(hrefOf(ACCESS_PATH, { tab: 'roles' }));
    },
    says: () => t('access.role.deleted', { name: roleName }),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('access.role.deleteOf', { name: roleName })}
      consequence={t('access.role.deleteText')}
      confirmText={t('access.role.delete')}
      isFinal
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    />
  );
}
