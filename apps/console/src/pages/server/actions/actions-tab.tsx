/** What runs in the machines of a server after their launch, and what became of it the last time. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { TableProps } from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import type { Action } from '../../../actions/action-draft.ts';
import { actionName } from '../../../actions/action-draft.ts';
import { ActionList } from '../../../actions/action-list.tsx';
import { type ActionOrigin, useActionOrigins } from '../../../actions/action-origins.ts';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { JobLink } from '../../../jobs/job-link.tsx';
import { type LastOutcomes, lastOutcomesQuery, outcomeOf } from '../../../machines/last-outcomes.ts';
import { MachineLink } from '../../../machines/machine-link.tsx';
import { PostLaunchStatus, PostLaunchTable } from '../../../machines/post-launch-table.tsx';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { useNavigation } from '../../../shell/navigation.tsx';
import { launchTemplateHref } from '../../../shell/route.ts';
import { LiveState } from '../../../widgets/live-state.tsx';
import type { ServerTabProps } from '../server-page.tsx';
import { SettingsDocuments } from './settings-documents.tsx';

export function ActionsTab({ server }: ServerTabProps): ReactNode {
  const { t } = useI18n();
  const calls = useConsole();
  const { sourceServerID = '' } = server;
  const origins = useActionOrigins();
  const last = useLive(lastOutcomesQuery(calls, sourceServerID));
  const columns: readonly TableProps.ColumnDefinition<Action>[] = [
    {
      id: 'origin',
      header: t('actions.origin'),
      cell: ({ actionID = '' }) => <Origin isKnown={origins !== undefined} origin={origins?.get(actionID)} />,
    },
    {
      id: 'last',
      minWidth: 140,
      header: t('actions.last'),
      cell: (action) => <LastOutcome last={last.value ?? undefined} name={actionName(action)} />,
    },
  ];
  return (
    <SpaceBetween size="l">
      <SettingsDocuments sourceServerID={sourceServerID} />
      <ActionList
        owner={{ kind: 'SERVER', id: sourceServerID }}
        title={t('actions.title')}
        text={t('actions.ofServer.text')}
        addText={t('actions.ofServer.addText')}
        removeText={t('actions.ofServer.removeText')}
        columns={columns}
      />
      <LiveState answer={last}>
        {(known) =>
          known === null ? <Alert type="info">{t('actions.last.never')}</Alert> : <LastLaunch known={known} />
        }
      </LiveState>
    </SpaceBetween>
  );
}

/** Nothing is said while it is not known: an action that a template has is not this server's own. */
function Origin(props: { readonly isKnown: boolean; readonly origin: ActionOrigin | undefined }): ReactNode {
  const { isKnown, origin } = props;
  const { t } = useI18n();
  const { follow } = useNavigation();
  if (origin === undefined) return isKnown ? t('actions.origin.server') : t('common.unknown');
  return (
    <>
      {t('actions.origin.template')}{' '}
      <Link href={launchTemplateHref(origin.templateId)} onFollow={follow}>
        {origin.name}
      </Link>
    </>
  );
}

function LastOutcome(props: { readonly last: LastOutcomes | undefined; readonly name: string }): ReactNode {
  const { last, name } = props;
  const { t } = useI18n();
  const result = last === undefined ? undefined : outcomeOf(last, name);
  return result === undefined ? t('actions.last.none') : <PostLaunchStatus result={result} />;
}

function LastLaunch({ known }: { readonly known: LastOutcomes }): ReactNode {
  const { t, formats } = useI18n();
  const { machine, results, names } = known;
  const { machineID, jobID, purpose, startedDateTime } = machine;
  return (
    <SpaceBetween size="s">
      <Box>
        {t(purpose === 'TEST' ? 'actions.last.test' : 'actions.last.cutover')}{' '}
        {formats.dateTime(startedDateTime)}: <MachineLink machineID={machineID} />, <JobLink jobID={jobID} />
      </Box>
      <PostLaunchTable results={results} names={names} />
    </SpaceBetween>
  );
}
