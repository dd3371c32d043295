import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { DATA_REPLICATION_STATES, LIFE_CYCLE_STATES } from '@landfall/model';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import type { Fleet } from './fleet.ts';

export function FleetCounts({ fleet }: { readonly fleet: Fleet }): ReactNode {
  const { t, formats } = useI18n();
  const { follow } = useNavigation();
  const lifeCycle = LIFE_CYCLE_STATES.filter((state) => fleet.lifeCycle.has(state)).map((state) => {
    const label = t(`lifeCycle.${state}`);
    const count = formats.number(fleet.lifeCycle.get(state) ?? 0);
    return {
      label,
      value: (
        <Link href={hrefOf('/servers', { state })} onFollow={follow} ariaLabel={`${label}: ${count}`}>
          {count}
        </Link>
      ),
    };
  });
  const replication = DATA_REPLICATION_STATES.filter((state) => fleet.replication.has(state)).map(
    (state) => ({
      label: t(`replication.${state}`),
      value: formats.number(fleet.replication.get(state) ?? 0),
    }),
  );
  return (
    <Container
      fitHeight
      header={
        <Header
          variant="h2"
          description={t('dashboard.protected', { done: fleet.protectedCount, count: fleet.count })}
        >
          {t('dashboard.lifeCycle')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <KeyValuePairs columns={2} items={lifeCycle} />
        <Box variant="h3">{t('dashboard.replication')}</Box>
        <KeyValuePairs columns={2} items={replication} />
      </SpaceBetween>
    </Container>
  );
}
