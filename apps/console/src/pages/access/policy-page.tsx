/** One policy: its text, who has it, and its end. Those that come with Landfall are only read. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
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
import { useDraft } from '../../shell/use-draft.ts';
import { useSubmission } from '../../shell/use-submission.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import { DiscardButton, OvertakenAlert } from '../../widgets/draft-parts.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { FailureAlert, LiveState } from '../../widgets/live-state.tsx';
import { ACCESS_PATH, policyHref } from './access-queries.ts';
import { PolicyField } from './policy-field.tsx';
import { PolicyHolders } from './policy-holders.tsx';
import { policyTextFault, readablePolicy } from './policy-text.ts';

export function PolicyPage(): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  const policyName = useParameter('policyName');
  const key = `policy ${policyName}`;
  const answer = useLive({
    key,
    on: ['IdentityChanged'],
    load: () => landfall('GetPolicy', { policyName }),
  });
  const listHref = hrefOf(ACCESS_PATH, { tab: 'policies' });
  useTitle(policyName);
  useSurroundings([
    { text: t('access.title'), href: listHref },
    { text: policyName, href: policyHref(policyName) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure))
    return <GonePage name={policyName} listHref={listHref} />;
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(key)}>
      {(known) => <KnownPolicy known={known} />}
    </LiveState>
  );
}

function KnownPolicy({ known }: { readonly known: Landfall.GetPolicyResponse }): ReactNode {
  const { t, formats } = useI18n();
  const [isEnding, setIsEnding] = useState(false);
  const { policyName, managed, attachedTo, updatedDateTime } = known.policy;
  const isHeld = attachedTo.length > 0;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={
            updatedDateTime === undefined
              ? undefined
              : t('access.policy.updatedAt', { time: formats.dateTime(updatedDateTime) })
          }
          actions={
            <Button
              disabled={managed || isHeld}
              disabledReason={isHeld && !managed ? t('access.policy.held') : t('access.policy.isManaged')}
              onClick={() => setIsEnding(true)}
            >
              {t('access.policy.delete')}
            </Button>
          }
        >
          {policyName}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {managed && <Alert type="info">{t('access.policy.isManaged')}</Alert>}
        {/* What somebody types stays when another person changes the policy: the alert in the editor says so. */}
        <PolicyEditor known={known} />
        <PolicyHolders attachedTo={attachedTo} />
      </SpaceBetween>
      {isEnding && <DeletePolicyDialog policyName={policyName} onEnd={() => setIsEnding(false)} />}
    </ContentLayout>
  );
}

function PolicyEditor({ known }: { readonly known: Landfall.GetPolicyResponse }): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { policyName, managed, revision: expectedRevision } = known.policy;
  const stored = readablePolicy(known.document);
  const draft = useDraft<string>(stored);
  const text = draft.typed ?? stored;
  const save = useSubmission({
    work: () => landfall('PutPolicy', { policyName, document: text, expectedRevision }),
    says: () => t('access.policy.saved', { name: policyName }),
    onDone: draft.discard,
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            managed ? undefined : (
              <SpaceBetween direction="horizontal" size="xs">
                <DiscardButton draft={draft} isBusy={save.isBusy} />
                <Button
                  variant="primary"
                  disabled={text === stored || policyTextFault(text) !== undefined}
                  loading={save.isBusy}
                  onClick={save.run}
                >
                  {t('common.save')}
                </Button>
              </SpaceBetween>
            )
          }
        >
          {t('access.policy')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <OvertakenAlert draft={draft} isBusy={save.isBusy} />
        {save.failure !== undefined && <FailureAlert failure={save.failure} />}
        <PolicyField
          label={t('access.policy.document')}
          description={t('access.policy.text')}
          text={text}
          isReadOnly={managed}
          onChange={draft.type}
        />
      </SpaceBetween>
    </Container>
  );
}

function DeletePolicyDialog(props: { readonly policyName: string; readonly onEnd: () => void }): ReactNode {
  const { policyName, onEnd } = props;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { go } = useNavigation();
  const remove = useChange({
    work: async () => {
      await landfall('DeletePolicy', { policyName });
      go(hrefOf(ACCESS_PATH, { tab: 'policies' }));
    },
    says: () => t('access.policy.deleted', { name: policyName }),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('access.policy.deleteOf', { name: policyName })}
      consequence={t('access.policy.deleteText')}
      confirmText={t('access.policy.delete')}
      isFinal
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    />
  );
}
