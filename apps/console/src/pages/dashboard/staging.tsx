/** Space of the staging area, and where it leads. */
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { journalQuery } from '../../servers/server-queries.ts';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { InEnglish } from '../../widgets/in-english.tsx';

/** Whose forecasts are told; those with the least room come first. */
const FORECASTS_MAX = 2;
const SHOWN_MAX = 5;

export function Staging({ staging }: { readonly staging: Landfall.FleetStaging }): ReactNode {
  const { t, formats } = useI18n();
  const { connected, replicationServers, totalBytes, freeBytes, volumes } = staging;
  const forecast = volumes.flatMap(({ sourceServerID }) => sourceServerID ?? []).slice(0, FORECASTS_MAX);
  return (
    <Container fitHeight header={<Header variant="h2">{t('dashboard.staging')}</Header>}>
      <SpaceBetween size="m">
        {connected === 0 && <Box>{t('dashboard.staging.none')}</Box>}
        {volumes.slice(0, SHOWN_MAX).map((volume) => (
          <StagingBar key={volume.replicationServerID} volume={volume} />
        ))}
        {connected > SHOWN_MAX && (
          <Box>
            {t('dashboard.staging.all', {
              connected,
              count: replicationServers,
              used: formats.bytes(totalBytes - freeBytes),
              total: formats.bytes(totalBytes),
            })}
          </Box>
        )}
        {forecast.map((sourceServerID) => (
          <VolumeForecast key={sourceServerID} sourceServerID={sourceServerID} />
        ))}
      </SpaceBetween>
    </Container>
  );
}

function StagingBar({ volume }: { readonly volume: Landfall.FleetVolume }): ReactNode {
  const { t, formats } = useI18n();
  const { host, totalBytes: total, freeBytes: free } = volume;
  const used = total - free;
  return (
    <ProgressBar
      label={host}
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
      <InEnglish>{warning ?? volume.forecast.explanation}</InEnglish>
    </Box>
  );
}
