import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';

export function FleetCounts({ fleet }: { readonly fleet: Landfall.DescribeFleetResponse }): ReactNode {
  const { t } = useI18n();
  const lifeCycle = fleet.lifeCycle.map(({ state, servers }) => {
    const label = t(`lifeCycle.${state}`);
    return {
      label,
      value: <CountLink label={label} servers={servers} href={hrefOf('/servers', { state })} />,
    };
  });
  const replication = fleet.replication.map(({ state, servers }) => {
    const label = t(`replication.${state}`);
    const href = hrefOf('/servers', { replication: state });
    return { label, value: <CountLink label={label} servers={servers} href={href} /> };
  });
  return (
    <Container
      fitHeight
      header={
        <Header
          variant="h2"
          description={t('dashboard.protected', {
            done: fleet.protectedServers,
            count: fleet.servers,
          })}
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

function CountLink(props: {
  readonly label: string;
  readonly servers: number;
  readonly href: string;
}): ReactNode {
  const { label, servers, href } = props;
  const { formats } = useI18n();
  const { follow } = useNavigation();
  const count = formats.number(servers);
  return (
    <Link href={href} onFollow={follow} ariaLabel={`${label}: ${count}`}>
      {count}
    </Link>
  );
}
