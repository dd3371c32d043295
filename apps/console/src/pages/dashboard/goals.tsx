/** Recovery point and recovery time as they are measured, not as they were planned. */
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { serverName } from '../../servers/server-name.ts';
import { useNavigation } from '../../shell/navigation.tsx';
import { serverHref } from '../../shell/route.ts';
import type { Fleet, LaunchTimes } from './fleet.ts';

export function Goals({
  fleet,
  launches,
  measuredLagMs,
}: {
  readonly fleet: Fleet;
  readonly launches: LaunchTimes;
  /** Of the last day; absent: nobody has measured, or it is not for everybody to see. */
  readonly measuredLagMs: Landfall.MetricStatistics | undefined;
}): ReactNode {
  const { t, formats } = useI18n();
  const { follow } = useNavigation();
  const { lagTypicalMs, lagWorst } = fleet;
  return (
    <Container fitHeight header={<Header variant="h2">{t('dashboard.goals')}</Header>}>
      <KeyValuePairs
        columns={2}
        items={[
          {
            label: t('dashboard.rpo'),
            value: (
              <>
                <Box variant="awsui-value-large">{formats.duration(lagTypicalMs)}</Box>
                <Box color="text-body-secondary">{t('dashboard.rpo.typical')}</Box>
                {lagWorst !== undefined && (
                  <Box color="text-body-secondary">
                    {t('dashboard.rpo.worst')}: {formats.duration(lagWorst.lagMs)}{' '}
                    <Link href={serverHref(lagWorst.server.sourceServerID ?? '')} onFollow={follow}>
                      {serverName(lagWorst.server)}
                    </Link>
                  </Box>
                )}
                {measuredLagMs !== undefined && (
                  <Box color="text-body-secondary">
                    {t('dashboard.rpo.day', {
                      mean: formats.duration(measuredLagMs.mean),
                      worst: formats.duration(measuredLagMs.maximum),
                    })}
                  </Box>
                )}
              </>
            ),
          },
          {
            label: t('dashboard.rto'),
            value: (
              <>
                <Box variant="awsui-value-large">{formats.duration(launches.typicalMs)}</Box>
                <Box color="text-body-secondary">
                  {launches.count === 0
                    ? t('dashboard.rto.none')
                    : t('dashboard.rto.typical', { count: launches.count })}
                </Box>
              </>
            ),
          },
        ]}
      />
    </Container>
  );
}
