/** What became of the scripts that ran in the machine after its start. */
import Box from '@cloudscape-design/components/box';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { plainConsoleText } from './console-text.ts';

const STATUS = {
  PENDING: 'pending',
  RUNNING: 'in-progress',
  SUCCEEDED: 'success',
  FAILED: 'error',
  TIMED_OUT: 'error',
  NOT_RUN: 'stopped',
} as const satisfies Record<Landfall.PostLaunchState, StatusIndicatorProps.Type>;

export function PostLaunchTable(props: {
  readonly results: readonly Landfall.PostLaunchResult[];
  /** What the actions are called; those that are not known have their ids. */
  readonly names?: ReadonlyMap<string, string> | undefined;
}): ReactNode {
  const { results, names } = props;
  const { t, formats } = useI18n();
  return (
    <Table<Landfall.PostLaunchResult>
      wrapLines
      header={<Header variant="h2">{t('machine.actions.title')}</Header>}
      items={[...results]}
      trackBy="actionID"
      ariaLabels={{ tableLabel: t('machine.actions.title') }}
      columnDefinitions={[
        {
          id: 'action',
          header: t('machine.actions.action'),
          cell: ({ actionID }) => names?.get(actionID) ?? actionID,
          isRowHeader: true,
        },
        {
          id: 'state',
          header: t('common.state'),
          cell: (result) => <PostLaunchStatus result={result} />,
        },
        {
          id: 'ended',
          header: t('machine.actions.ended'),
          cell: ({ endedDateTime }) => formats.dateTime(endedDateTime),
        },
        { id: 'output', header: t('machine.actions.output'), cell: (result) => <Output result={result} /> },
      ]}
    />
  );
}

export function PostLaunchStatus({ result }: { readonly result: Landfall.PostLaunchResult }): ReactNode {
  const { t } = useI18n();
  const { state, exitCode } = result;
  return (
    <StatusIndicator type={STATUS[state]}>
      {t(`machine.actions.${state}`)}
      {exitCode === undefined ? '' : ` (${exitCode})`}
    </StatusIndicator>
  );
}

function Output({ result }: { readonly result: Landfall.PostLaunchResult }): ReactNode {
  const { t } = useI18n();
  const text = plainConsoleText(result.output);
  if (text === '') return t('common.none');
  return (
    <ExpandableSection headerText={t('machine.actions.show')}>
      <Box variant="code" display="block">
        <span className="machine-output">{text}</span>
      </Box>
    </ExpandableSection>
  );
}
