/** The access keys of a user. The secret of a new one is in one answer only, and shown from it. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useSession } from '../../session/session-gate.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { SecretDialog } from '../../widgets/secret-dialog.tsx';
import { KeyDialog, type KeyQuestion } from './key-dialog.tsx';

const KEYS_MAX = 2;

export function AccessKeys({ userName }: { readonly userName: string }): ReactNode {
  const { landfall, queries } = useConsole();
  const [made, setMade] = useState<Landfall.CreateAccessKeyResponse>();
  const [question, setQuestion] = useState<KeyQuestion>();
  const listing = `access keys of ${userName}`;
  const answer = useLive({
    key: listing,
    on: ['IdentityChanged'],
    load: async () => (await landfall('ListAccessKeys', { userName })).items,
  });
  return (
    <>
      <LiveState answer={answer} onRetry={() => queries.refresh(listing)}>
        {(keys) => <KeyTable userName={userName} keys={keys} onMade={setMade} onAsk={setQuestion} />}
      </LiveState>
      {question !== undefined && <KeyDialog question={question} onEnd={() => setQuestion(undefined)} />}
      {made !== undefined && <NewSecret made={made} onEnd={() => setMade(undefined)} />}
    </>
  );
}

interface KeyTableProps {
  readonly userName: string;
  readonly keys: readonly Landfall.AccessKeyItem[];
  readonly onMade: (made: Landfall.CreateAccessKeyResponse) => void;
  readonly onAsk: (question: KeyQuestion) => void;
}

function KeyTable({ userName, keys, onMade, onAsk }: KeyTableProps): ReactNode {
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const create = useChange({
    work: async () => onMade(await landfall('CreateAccessKey', { userName })),
    title: t('access.key.create'),
  });
  const isFull = keys.length >= KEYS_MAX;
  return (
    <Table<Landfall.AccessKeyItem>
      header={
        <Header
          variant="h2"
          description={t('access.keys.text')}
          actions={
            <Button
              disabled={isFull}
              disabledReason={t('access.keys.full')}
              loading={create.isBusy}
              loadingText={t('common.loading')}
              onClick={create.run}
            >
              {t('access.key.create')}
            </Button>
          }
        >
          {t('access.keys')}
        </Header>
      }
      items={[...keys]}
      trackBy="accessKeyID"
      ariaLabels={{ tableLabel: t('access.keys') }}
      empty={<EmptyList title={t('access.keys.empty')} text={t('access.keys.emptyText')} />}
      columnDefinitions={[
        {
          id: 'id',
          header: t('access.key.id'),
          isRowHeader: true,
          cell: ({ accessKeyID }) => <KeyName accessKeyID={accessKeyID} />,
        },
        {
          id: 'state',
          header: t('common.state'),
          cell: ({ status }) => (
            <StatusIndicator type={status === 'ACTIVE' ? 'success' : 'stopped'}>
              {t(`access.key.${status}`)}
            </StatusIndicator>
          ),
        },
        {
          id: 'created',
          header: t('access.created'),
          cell: ({ createdDateTime }) => formats.dateTime(createdDateTime),
        },
        {
          id: 'actions',
          header: t('common.actions'),
          cell: (key) => <KeyActions item={key} onAsk={onAsk} />,
        },
      ]}
    />
  );
}

function KeyName({ accessKeyID }: { readonly accessKeyID: string }): ReactNode {
  const { t } = useI18n();
  const session = useSession();
  const isOwn = session.kind !== 'SIGNED_OUT' && session.keyId === accessKeyID;
  return (
    <>
      {accessKeyID}
      {isOwn && <Box color="text-body-secondary">{t('access.key.own')}</Box>}
    </>
  );
}

function KeyActions(props: {
  readonly item: Landfall.AccessKeyItem;
  readonly onAsk: (question: KeyQuestion) => void;
}): ReactNode {
  const { item, onAsk } = props;
  const { t } = useI18n();
  const change = item.status === 'ACTIVE' ? 'deactivate' : 'activate';
  return (
    <SpaceBetween direction="horizontal" size="s">
      {([change, 'delete'] as const).map((kind) => (
        <Button
          key={kind}
          variant="inline-link"
          ariaLabel={t(`access.key.${kind}Of`, { id: item.accessKeyID })}
          onClick={() => onAsk({ kind, item })}
        >
          {t(`access.key.${kind}`)}
        </Button>
      ))}
    </SpaceBetween>
  );
}

function NewSecret(props: {
  readonly made: Landfall.CreateAccessKeyResponse;
  readonly onEnd: () => void;
}): ReactNode {
  const { made, onEnd } = props;
  const { t } = useI18n();
  return (
    <SecretDialog
      title={t('access.key.made')}
      warning={t('access.key.secretWarning')}
      fields={[
        { label: t('access.key.id'), text: made.accessKey.accessKeyID },
        { label: t('access.key.secret'), text: made.secretAccessKey },
      ]}
      onEnd={onEnd}
    />
  );
}
