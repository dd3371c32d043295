/** Space of the staging area, and where it leads. */
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall, Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { journalQuery } from '../../servers/server-queries.ts';
import { useConsole, useLive } from '../../shell/console-context.tsx';

export interface StagingProps {
  readonly service: Landfall.DescribeServiceResponse | undefined;
  readonly servers: readonly Mgn.SourceServer[];
}

export function Staging({ service, servers }: StagingProps): ReactNode {
  const { t } = useI18n();
  const known = (service?.replicationServers ?? []).filter(({ connected }) => connected);
  const first = servers.find(({ dataReplicationInfo: info }) => info?.lagDuration !== undefined);
  return (
    <Container fitHeight header={<Header variant="h2">{t('dashboard.staging')}</Header>}>
      <SpaceBetween size="m">
        {service !== undefined && known.length === 0 && <Box>{t('dashboard.staging.none')}</Box>}
        {known.map((server) => (
          <StagingBar key={server.replicationServerID} server={server} />
        ))}
        {first?.sourceServerID !== undefined && <VolumeForecast sourceServerID={first.sourceServerID} />}
      </SpaceBetween>
    </Container>
  );
}

function StagingBar({ server }: { readonly server: Landfall.ReplicationServerItem }): ReactNode {
  const { t, formats } = useI18n();
  const { stagingTotalBytes: total = 0, stagingFreeBytes: free = 0 } = server;
  const used = total - free;
  return (
    <ProgressBar
      label={server.host ?? server.replicationServerID}
      value={total === 0 ? 0 : Math.round((used / total) * 100)}
      additionalInfo={t('dashboard.staging.used', { used: formats.bytes(used), total: formats.bytes(total) })}
    />
  );
}

/** Of the volume that keeps this server's journal. */
function VolumeForecast({ sourceServerID }: { readonly sourceServerID: string }): ReactNode {
  const { landfall } = useConsole();
  const journal = useLive(journalQuery(landfall, sourceServerID));
  if (journal.value === undefined) return null;
  const { warning, volume } = journal.value;
  return (
    <Box color={warning === undefined ? 'text-body-secondary' : 'text-status-warning'}>
      {warning ?? volume.forecast.explanation}
    </Box>
  );
}
