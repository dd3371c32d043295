/** How far each disk is, what will become of it, and what replication did. */
import Alert from '@cloudscape-design/components/alert';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { replicationQuery } from '../../../servers/server-queries.ts';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import type { ServerTabProps } from '../server-page.tsx';
import { DiskProgress } from './disk-progress.tsx';
import { ForecastBox } from './forecast-box.tsx';
import { ReplicationCharts } from './replication-charts.tsx';
import { ReplicationFacts } from './replication-facts.tsx';

export function ReplicationTab({ server }: ServerTabProps): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  const query = replicationQuery(landfall, server.sourceServerID ?? '');
  const answer = useLive(query);
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(replication) => (
        <SpaceBetween size="l">
          {replication.warnings.map((warning) => (
            <Alert key={warning} type="warning" header={t('replicationTab.warning')}>
              {warning}
            </Alert>
          ))}
          <ReplicationFacts server={server} replication={replication} />
          <DiskProgress disks={replication.disks} />
          <ForecastBox forecast={replication.forecast} />
          <ReplicationCharts sourceServerID={server.sourceServerID ?? ''} replication={replication} />
        </SpaceBetween>
      )}
    </LiveState>
  );
}
