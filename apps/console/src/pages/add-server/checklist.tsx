/** What a server needs before it is added, and how to test the network from it. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { serviceQuery } from '../../servers/server-queries.ts';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { CopyText } from '../../widgets/copy-text.tsx';
import { endpointOf, portTestCommand } from './port-test.ts';

export function Checklist(): ReactNode {
  const { t } = useI18n();
  const { facts, landfall } = useConsole();
  const service = useLive(serviceQuery(landfall));
  const control = endpointOf(facts.publicUrl);
  const replication = (service.value?.replicationServers ?? []).flatMap(({ connected, host, port }) =>
    connected && host !== undefined && port !== undefined ? [{ host, port }] : [],
  );
  return (
    <Container header={<Header variant="h2">{t('add.check.title')}</Header>}>
      <SpaceBetween size="s">
        <ul className="checklist">
          <li>{t('add.check.os')}</li>
          <li>{t('add.check.root')}</li>
          <li>{t('add.check.tools')}</li>
          <li>{t('add.check.control', { host: control.host, port: String(control.port) })}</li>
          {replication.map(({ host, port }) => (
            <li key={`${host} ${port}`}>{t('add.check.replication', { host, port: String(port) })}</li>
          ))}
        </ul>
        {service.value !== undefined && replication.length === 0 && (
          <Alert type="warning">{t('add.check.noReplication')}</Alert>
        )}
        <Box color="text-body-secondary">{t('add.check.out')}</Box>
        <ExpandableSection headerText={t('add.check.test')}>
          <SpaceBetween size="xs">
            <Box>{t('add.check.testText')}</Box>
            <CopyText isCommand text={portTestCommand([control, ...replication])} />
          </SpaceBetween>
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}
