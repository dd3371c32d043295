/** One job: how far it is with each server, what failed and what to do, and everything it wrote. */
import Button from '@cloudscape-design/components/button';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { isGone } from '../../api/failure.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useServerNames } from '../../servers/server-names.ts';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useParameter } from '../../shell/pages.tsx';
import { hrefOf, jobHref } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { DeleteJobDialog } from './delete-job-dialog.tsx';
import { JobFacts } from './job-facts.tsx';
import { JobFailures } from './job-failures.tsx';
import { JobLog } from './job-log.tsx';
import { jobQuery } from './job-queries.ts';
import { failuresOf, type JobProgress, stepsOf } from './job-steps.ts';
import { ParticipantsTable } from './participants-table.tsx';
import { ServerSteps } from './server-steps.tsx';

export function JobPage(): ReactNode {
  const { t } = useI18n();
  const { mgn, queries } = useConsole();
  const jobID = useParameter('jobId');
  const query = jobQuery(mgn, jobID);
  const answer = useLive(query);
  useTitle(jobID);
  useSurroundings([
    { text: t('jobs.title'), href: hrefOf('/jobs') },
    { text: jobID, href: jobHref(jobID) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure)) {
    return <GonePage name={jobID} listHref={hrefOf('/jobs')} />;
  }
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(progress) => <KnownJob progress={progress} />}
    </LiveState>
  );
}

function KnownJob({ progress }: { readonly progress: JobProgress }): ReactNode {
  const { t } = useI18n();
  const { job, log } = progress;
  const { jobID, initiatedBy = 'START_TEST', participatingServers = [] } = job;
  const nameOf = useServerNames(participatingServers.map(({ sourceServerID }) => sourceServerID));
  const failures = failuresOf(progress);
  const [picked, setPicked] = useState<string>();
  // Whoever looks at a job with failures looks for these.
  const chosen = picked ?? failures[0]?.sourceServerID ?? participatingServers[0]?.sourceServerID;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={jobID}
          actions={<DeleteButton jobID={jobID} isPossible={job.status === 'COMPLETED'} />}
        >
          {t(`job.${initiatedBy}`)}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <JobFailures failures={failures} isLaunch={job.type !== 'TERMINATE'} nameOf={nameOf} />
        <JobFacts job={job} />
        <ParticipantsTable progress={progress} nameOf={nameOf} chosen={chosen} onChoose={setPicked} />
        {chosen !== undefined && <ServerSteps name={nameOf(chosen)} steps={stepsOf(progress, chosen)} />}
        <JobLog log={log} nameOf={nameOf} chosen={chosen} />
      </SpaceBetween>
    </ContentLayout>
  );
}

function DeleteButton(props: { readonly jobID: string; readonly isPossible: boolean }): ReactNode {
  const { jobID, isPossible } = props;
  const { t } = useI18n();
  const [isAsked, setIsAsked] = useState(false);
  return (
    <>
      <Button
        disabled={!isPossible}
        {...(isPossible ? {} : { disabledReason: t('job.delete.notNow') })}
        onClick={() => setIsAsked(true)}
      >
        {t('job.delete')}
      </Button>
      {isAsked && <DeleteJobDialog jobID={jobID} onEnd={() => setIsAsked(false)} />}
    </>
  );
}
