/**
 * Encryption at rest: what there is to know of it here. Keys are in no answer of the API, and neither is
 * which server is encrypted; what it does say is which servers wait for a key.
 */
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { listAllServers } from '../../servers/list-servers.ts';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { serverHref } from '../../shell/route.ts';
import { CopyText } from '../../widgets/copy-text.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { type LockedServer, lockedServers } from './locked-servers.ts';

const GAP_MS = 5000;
const ROTATE =
  'node apps/replication-server/src/main.ts rotate-keys --state-dir /var/lib/landfall/replication-server';

export function EncryptionTab(): ReactNode {
  const { t, knownError } = useI18n();
  const { mgn, queries } = useConsole();
  const servers = useLive({
    key: 'fleet',
    on: ['SourceServerChanged', 'ReplicationChanged'],
    gapMs: GAP_MS,
    load: () => listAllServers(mgn, { isArchived: false }),
  });
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{t('settings.encryption')}</Header>}>
        <SpaceBetween size="s">
          <Box>{t('settings.encryption.rest')}</Box>
          <Box>{t('settings.encryption.transit')}</Box>
          <Box>{t('settings.encryption.backup')}</Box>
          <Box>{t('settings.encryption.rotate')}</Box>
          <CopyText isCommand text={ROTATE} />
        </SpaceBetween>
      </Container>
      <LiveState answer={servers} onRetry={() => queries.refresh('fleet')}>
        {(all) => <Locked servers={lockedServers(all, knownError)} />}
      </LiveState>
    </SpaceBetween>
  );
}

function Locked({ servers }: { readonly servers: readonly LockedServer[] }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  return (
    <Table<LockedServer>
      wrapLines
      header={
        <Header variant="h2" description={t('settings.encryption.lockedText')}>
          {t('settings.encryption.locked')}
        </Header>
      }
      items={[...servers]}
      trackBy="sourceServerID"
      ariaLabels={{ tableLabel: t('settings.encryption.locked') }}
      empty={<StatusIndicator>{t('settings.encryption.allOpen')}</StatusIndicator>}
      columnDefinitions={[
        {
          id: 'name',
          header: t('servers.column.server'),
          isRowHeader: true,
          cell: ({ sourceServerID, name }) => (
            <Link href={serverHref(sourceServerID)} onFollow={follow}>
              {name}
            </Link>
          ),
        },
        { id: 'code', header: t('failure.code'), cell: ({ code }) => code },
        { id: 'cause', header: t('failure.cause'), cell: ({ cause }) => cause },
        { id: 'remedy', header: t('failure.remedy'), cell: ({ remedy }) => remedy },
      ]}
    />
  );
}
