/** Recovery point and recovery time as they are measured, not as they were planned. */
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { serverHref } from '../../shell/route.ts';

export interface GoalsProps {
  readonly lag: Landfall.FleetLag;
  readonly launches: Landfall.FleetLaunches;
}

export function Goals({ lag, launches }: GoalsProps): ReactNode {
  const { t, formats } = useI18n();
  const { follow } = useNavigation();
  const { typicalMs, worstMs, worstSourceServerID, worstName, dayMeanMs, dayWorstMs } = lag;
  return (
    <Container fitHeight header={<Header variant="h2">{t('dashboard.goals')}</Header>}>
      <KeyValuePairs
        columns={2}
        items={[
          {
            label: t('dashboard.rpo'),
            value: (
              <>
                <Box variant="awsui-value-large">{formats.duration(typicalMs)}</Box>
                <Box color="text-body-secondary">{t('dashboard.rpo.typical')}</Box>
                {worstSourceServerID !== undefined && (
                  <Box color="text-body-secondary">
                    {t('dashboard.rpo.worst')}: {formats.duration(worstMs)}{' '}
                    <Link href={serverHref(worstSourceServerID)} onFollow={follow}>
                      {worstName}
                    </Link>
                  </Box>
                )}
                {dayMeanMs !== undefined && (
                  <Box color="text-body-secondary">
                    {t('dashboard.rpo.day', {
                      mean: formats.duration(dayMeanMs),
                      worst: formats.duration(dayWorstMs),
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
                  {launches.measured === 0
                    ? t('dashboard.rto.none')
                    : t('dashboard.rto.typical', { count: launches.measured })}
                </Box>
              </>
            ),
          },
        ]}
      />
    </Container>
  );
}
