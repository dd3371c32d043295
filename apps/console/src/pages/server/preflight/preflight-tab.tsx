/** What is in the way of a launch, before anybody launches. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { InEnglish } from '../../../widgets/in-english.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import type { ServerTabProps } from '../server-page.tsx';

const STATE = {
  WAITING: 'pending',
  RUNNING: 'in-progress',
  COMPLETE: 'success',
  FAILED: 'error',
} as const satisfies Record<Landfall.PreflightState, StatusIndicatorProps.Type>;

const RANK = {
  BLOCKER: 'error',
  WILL_BE_FIXED: 'success',
  NOTE: 'info',
} as const satisfies Record<Landfall.FindingRank, StatusIndicatorProps.Type>;

export function PreflightTab({ server }: ServerTabProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const sourceServerID = server.sourceServerID ?? '';
  const answer = useLive({
    key: `preflight ${sourceServerID}`,
    on: ['PreflightChanged'],
    about: sourceServerID,
    load: () => landfall('DescribePreflight', { sourceServerID }),
  });
  const again = useChange({
    work: () => landfall('StartPreflight', { sourceServerID }),
    says: () => t('preflight.begun'),
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('preflight.description')}
          actions={
            <Button loading={again.isBusy} onClick={again.run}>
              {t('preflight.again')}
            </Button>
          }
        >
          {t('preflight.title')}
        </Header>
      }
    >
      <LiveState answer={answer}>
        {({ preflight }) =>
          preflight === undefined ? <Box>{t('preflight.none')}</Box> : <Preflight preflight={preflight} />
        }
      </LiveState>
    </Container>
  );
}

function Preflight({ preflight }: { readonly preflight: Landfall.PreflightItem }): ReactNode {
  const { t } = useI18n();
  const { state, reason, report } = preflight;
  return (
    <SpaceBetween size="m">
      <StatusIndicator type={STATE[state]}>{t(`preflight.state.${state}`)}</StatusIndicator>
      {reason !== undefined && (
        <Alert type={state === 'FAILED' ? 'error' : 'info'}>
          <InEnglish>{reason}</InEnglish>
        </Alert>
      )}
      {report === undefined ? <Box>{t('preflight.none')}</Box> : <Report report={report} />}
    </SpaceBetween>
  );
}

function Report({ report }: { readonly report: Landfall.PreflightReport }): ReactNode {
  const { t, formats } = useI18n();
  return (
    <SpaceBetween size="m">
      <KeyValuePairs
        columns={4}
        items={[
          { label: t('preflight.os'), value: report.operatingSystem },
          { label: t('preflight.bootMode'), value: report.bootMode ?? t('common.unknown') },
          { label: t('preflight.inspected'), value: formats.dateTime(report.inspectedDateTime) },
          { label: t('preflight.point'), value: formats.instant(report.recoveryPoint.cutDateTime) },
        ]}
      />
      <Findings findings={report.findings} />
      <Box variant="h3">{t('preflight.facts')}</Box>
      <KeyValuePairs
        columns={3}
        items={report.facts.map(({ name, value }) => ({
          label: name,
          value: <InEnglish>{value}</InEnglish>,
        }))}
      />
    </SpaceBetween>
  );
}

function Findings({ findings }: { readonly findings: readonly Landfall.PreflightFinding[] }): ReactNode {
  const { t } = useI18n();
  return (
    <Table<Landfall.PreflightFinding>
      variant="embedded"
      wrapLines
      header={<Header variant="h3">{t('preflight.findings')}</Header>}
      items={[...findings]}
      ariaLabels={{ tableLabel: t('preflight.findings') }}
      empty={<StatusIndicator type="success">{t('preflight.findings.none')}</StatusIndicator>}
      columnDefinitions={[
        {
          id: 'rank',
          header: t('preflight.finding.rank'),
          cell: ({ rank }) => (
            <StatusIndicator type={RANK[rank]}>{t(`preflight.rank.${rank}`)}</StatusIndicator>
          ),
        },
        {
          id: 'what',
          header: t('preflight.finding.what'),
          isRowHeader: true,
          cell: ({ what, code }) => (
            <>
              <InEnglish>{what}</InEnglish> <Box variant="small">{code}</Box>
            </>
          ),
        },
        { id: 'why', header: t('preflight.finding.why'), cell: ({ why }) => <InEnglish>{why}</InEnglish> },
        {
          id: 'fix',
          header: t('preflight.finding.fix'),
          cell: ({ fix, rank }) =>
            fix === undefined ? (
              t(rank === 'WILL_BE_FIXED' ? 'preflight.byItself' : 'common.none')
            ) : (
              <InEnglish>{fix}</InEnglish>
            ),
        },
      ]}
    />
  );
}
