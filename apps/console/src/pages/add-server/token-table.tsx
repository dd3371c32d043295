/** The tokens there are; one that should not be used any more is revoked here. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import { LiveState } from '../../widgets/live-state.tsx';

const SHOWN_MAX = 20;

const STATUS = {
  ACTIVE: 'success',
  USED_UP: 'stopped',
  EXPIRED: 'stopped',
  REVOKED: 'stopped',
} as const satisfies Record<Landfall.EnrolmentTokenState, StatusIndicatorProps.Type>;

export function TokenTable(): ReactNode {
  const { landfall } = useConsole();
  const [revoking, setRevoking] = useState<string>();
  const answer = useLive({
    key: 'enrolment tokens',
    on: ['EnrolmentTokenChanged'],
    load: async () => (await landfall('ListEnrolmentTokens', { maxResults: SHOWN_MAX })).items,
  });
  return (
    <>
      <LiveState answer={answer}>{(tokens) => <Tokens tokens={tokens} onRevoke={setRevoking} />}</LiveState>
      {revoking !== undefined && <RevokeDialog tokenID={revoking} onEnd={() => setRevoking(undefined)} />}
    </>
  );
}

function Tokens(props: {
  readonly tokens: readonly Landfall.EnrolmentToken[];
  readonly onRevoke: (tokenID: string) => void;
}): ReactNode {
  const { tokens, onRevoke } = props;
  const { t, formats } = useI18n();
  return (
    <Table<Landfall.EnrolmentToken>
      header={<Header variant="h2">{t('add.tokens.title')}</Header>}
      items={tokens.filter(({ role }) => role === 'agent')}
      trackBy="tokenID"
      ariaLabels={{ tableLabel: t('add.tokens.title') }}
      empty={<Box textAlign="center">{t('add.tokens.empty')}</Box>}
      columnDefinitions={[
        { id: 'id', header: t('add.tokens.id'), cell: ({ tokenID }) => tokenID, isRowHeader: true },
        {
          id: 'state',
          header: t('add.tokens.state'),
          cell: ({ state }) => <StatusIndicator type={STATUS[state]}>{t(`token.${state}`)}</StatusIndicator>,
        },
        {
          id: 'uses',
          header: t('add.tokens.uses'),
          cell: ({ uses, usesMax }) => `${formats.number(uses)} / ${formats.number(usesMax)}`,
        },
        {
          id: 'ends',
          header: t('add.tokens.ends'),
          cell: (token) => formats.dateTime(token.expiresDateTime),
        },
        {
          id: 'revoke',
          header: t('common.actions'),
          cell: ({ tokenID, state }) => (
            <Button
              variant="inline-link"
              disabled={state !== 'ACTIVE'}
              ariaLabel={t('add.tokens.revokeOf', { id: tokenID })}
              onClick={() => onRevoke(tokenID)}
            >
              {t('add.tokens.revoke')}
            </Button>
          ),
        },
      ]}
    />
  );
}

function RevokeDialog({
  tokenID,
  onEnd,
}: {
  readonly tokenID: string;
  readonly onEnd: () => void;
}): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const revoke = useChange({
    work: () => landfall('RevokeEnrolmentToken', { tokenID }),
    says: () => t('add.tokens.revoked'),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('add.tokens.revokeOf', { id: tokenID })}
      consequence={t('add.tokens.revokeText')}
      confirmText={t('add.tokens.revoke')}
      isFinal={false}
      isBusy={revoke.isBusy}
      onConfirm={revoke.run}
      onCancel={onEnd}
    />
  );
}
