/** One user: its access keys, its policies, and its end. */
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
import { AccessKeys } from './access-keys.tsx';
import { ACCESS_PATH, userHref, userQuery } from './access-queries.ts';
import { AttachedPolicies } from './attached-policies.tsx';

export function UserPage(): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  const userName = useParameter('userName');
  const query = userQuery(landfall, userName);
  const answer = useLive(query);
  useTitle(userName);
  useSurroundings([
    { text: t('access.title'), href: hrefOf(ACCESS_PATH) },
    { text: userName, href: userHref(userName) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure))
    return <GonePage name={userName} listHref={hrefOf(ACCESS_PATH)} />;
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(user) => <KnownUser user={user} />}
    </LiveState>
  );
}

function KnownUser({ user }: { readonly user: Landfall.IdentityUser }): ReactNode {
  const { t, formats } = useI18n();
  const [isEnding, setIsEnding] = useState(false);
  const { userName, arn, policies, createdDateTime } = user;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={<Button onClick={() => setIsEnding(true)}>{t('access.user.delete')}</Button>}
        >
          {userName}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Container>
          <KeyValuePairs
            columns={2}
            items={[
              { label: 'ARN', value: <CopyText text={arn} /> },
              { label: t('access.created'), value: formats.dateTime(createdDateTime) },
            ]}
          />
        </Container>
        <AccessKeys userName={userName} />
        <AttachedPolicies holder={{ kind: 'user', name: userName }} policies={policies} />
      </SpaceBetween>
      {isEnding && <DeleteUserDialog userName={userName} onEnd={() => setIsEnding(false)} />}
    </ContentLayout>
  );
}

function DeleteUserDialog(props: { readonly userName: string; readonly onEnd: () => void }): ReactNode {
  const { userName, onEnd } = props;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { go } = useNavigation();
  const remove = useChange({
    work: async () => {
      await landfall('DeleteUser', { userName });
      go(hrefOf(ACCESS_PATH));
    },
    says: () => t('access.user.deleted', { name: userName }),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('access.user.deleteOf', { name: userName })}
      consequence={t('access.user.deleteText')}
      confirmText={t('access.user.delete')}
      isFinal
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    />
  );
}
