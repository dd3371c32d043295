/** The servers that have joined since the token was made, and how far each has come. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { InitiationSteps } from '../../servers/initiation-steps.tsx';
import { listAllServers } from '../../servers/list-servers.ts';
import { serverName } from '../../servers/server-name.ts';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { serverHref } from '../../shell/route.ts';
import { LiveState } from '../../widgets/live-state.tsx';

/** By which the clocks of this computer and of the control plane may differ. */
const CLOCKS_MS = 60_000;

export function ArrivingServers({ since }: { readonly since: number | undefined }): ReactNode {
  const { t } = useI18n();
  return (
    <Container header={<Header variant="h2">{t('add.wait.title')}</Header>}>
      {since === undefined ? <Box>{t('add.wait.before')}</Box> : <Waiting since={since} />}
    </Container>
  );
}

function Waiting({ since }: { readonly since: number }): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const isNew = ({ lifeCycle }: Mgn.SourceServer) =>
    Date.parse(lifeCycle?.addedToServiceDateTime ?? '') >= since - CLOCKS_MS;
  const answer = useLive({
    key: `servers since ${since}`,
    on: ['SourceServerChanged', 'ReplicationChanged'],
    load: async () => (await listAllServers(mgn, { isArchived: false })).filter(isNew),
  });
  return (
    <LiveState answer={answer}>
      {(servers) => (
        <SpaceBetween size="l">
          {servers.length === 0 && (
            <Box>
              <Spinner /> {t('add.wait.text')}
            </Box>
          )}
          {servers.map((server) => (
            <Arrived key={server.sourceServerID} server={server} />
          ))}
        </SpaceBetween>
      )}
    </LiveState>
  );
}

function Arrived({ server }: { readonly server: Mgn.SourceServer }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  const name = serverName(server);
  const { dataReplicationState: state, dataReplicationError: error } = server.dataReplicationInfo ?? {};
  return (
    <SpaceBetween size="s">
      <Box variant="h3">{t('add.wait.joined', { name })}</Box>
      <InitiationSteps server={server} />
      {error !== undefined && (
        <Alert type="error">{t('add.wait.failed', { reason: error.rawError ?? error.error ?? '' })}</Alert>
      )}
      {state !== 'INITIATING' && state !== 'STALLED' && <Box>{t('add.wait.replicating')}</Box>}
      <Button href={serverHref(server.sourceServerID ?? '')} onFollow={follow}>
        {t('add.wait.open', { name })}
      </Button>
    </SpaceBetween>
  );
}
