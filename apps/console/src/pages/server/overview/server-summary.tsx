import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { parseIsoDuration } from '../../../i18n/formats.ts';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { MachineLink } from '../../../machines/machine-link.tsx';
import { ReplicationStatus } from '../../../servers/server-status.tsx';
import { etaOf, syncedShare } from '../../../servers/sync-progress.ts';
import { useNow } from '../../../shell/console-context.tsx';
import type { ServerTabProps } from '../server-page.tsx';

export function ServerSummary({ server }: ServerTabProps): ReactNode {
  const { t, formats } = useI18n();
  const now = useNow(10_000);
  const { dataReplicationInfo: info, lifeCycle, launchedInstance } = server;
  const share = syncedShare(info);
  const isSyncing = info?.dataReplicationState === 'INITIAL_SYNC' && share !== undefined;
  const items = [
    { label: t('server.summary.replication'), value: <ReplicationStatus server={server} /> },
    { label: t('server.summary.lag'), value: formats.duration(parseIsoDuration(info?.lagDuration)) },
    { label: t('server.summary.newest'), value: formats.instant(info?.lastSnapshotDateTime) },
    { label: t('server.summary.eta'), value: formats.dateTime(etaOf(info)) },
    {
      label: t('server.summary.machine'),
      value: <MachineLink machineID={launchedInstance?.ec2InstanceID} />,
    },
    {
      label: t('server.summary.lastSeen'),
      value: formats.relative(lifeCycle?.lastSeenByServiceDateTime, now),
    },
    { label: t('server.summary.lastTest'), value: <Milestone milestone={lifeCycle?.lastTest} /> },
    { label: t('server.summary.lastCutover'), value: <Milestone milestone={lifeCycle?.lastCutover} /> },
  ];
  return (
    <Container fitHeight header={<Header variant="h2">{t('server.summary.title')}</Header>}>
      <SpaceBetween size="m">
        {isSyncing && (
          <ProgressBar
            value={Math.floor(share * 1000) / 10}
            label={t('replication.INITIAL_SYNC')}
            additionalInfo={formats.percent(share)}
          />
        )}
        <KeyValuePairs columns={2} items={items} />
      </SpaceBetween>
    </Container>
  );
}

function Milestone({ milestone }: { readonly milestone: Mgn.LifeCycleLastTest | undefined }): ReactNode {
  const { t, formats } = useI18n();
  const { initiated, reverted, finalized } = milestone ?? {};
  const parts = [
    [initiated, 'server.milestone.initiated'],
    [reverted, 'server.milestone.reverted'],
    [finalized, 'server.milestone.finalized'],
  ] as const;
  const known = parts.flatMap(([part, key]) =>
    part?.apiCallDateTime === undefined ? [] : [t(key, { time: formats.dateTime(part.apiCallDateTime) })],
  );
  return known.length === 0 ? t('common.none') : known.join(', ');
}
