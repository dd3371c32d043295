import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { JobLink } from '../../jobs/job-link.tsx';
import { MachineStatus } from '../../machines/machine-status.tsx';
import { ServerLink } from '../../servers/server-link.tsx';
import type { MachineProps } from './machine-life.ts';

export function MachineFacts({ machine, name }: MachineProps & { readonly name: string }): ReactNode {
  const { t, formats } = useI18n();
  const { sourceServerID, jobID, purpose, phase, recoveryPoint, startedDateTime, instanceType, tags } =
    machine;
  const isScanned = recoveryPoint.consistency === 'SCANNED';
  const point = formats.instant(recoveryPoint.cutDateTime);
  const items = [
    { label: t('common.state'), value: <MachineStatus phase={phase} /> },
    { label: t('machine.purpose'), value: t(`machine.purpose.${purpose}`) },
    { label: t('machine.server'), value: <ServerLink sourceServerID={sourceServerID} name={name} /> },
    { label: t('machine.job'), value: <JobLink jobID={jobID} /> },
    {
      label: t('machine.point'),
      value: isScanned ? (
        <StatusIndicator type="warning">{t('machine.point.scanned', { time: point })}</StatusIndicator>
      ) : (
        point
      ),
    },
    { label: t('machine.started'), value: formats.instant(startedDateTime) },
    { label: t('machine.size'), value: instanceType ?? t('common.unknown') },
    {
      label: t('machine.tags'),
      value:
        Object.entries(tags ?? {})
          .map(([key, value]) => `${key}: ${value}`)
          .join(', ') || t('common.none'),
    },
  ];
  return (
    <Container fitHeight header={<Header variant="h2">{t('machine.facts.title')}</Header>}>
      <KeyValuePairs columns={2} items={items} />
    </Container>
  );
}
