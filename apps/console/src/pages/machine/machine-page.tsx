/** One launched machine: what it shows, where it is reached, what it is made of, and its end. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { isGone } from '../../api/failure.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { loadActionNames } from '../../machines/last-outcomes.ts';
import { PostLaunchTable } from '../../machines/post-launch-table.tsx';
import { serverName } from '../../servers/server-name.ts';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useParameter } from '../../shell/pages.tsx';
import { hrefOf, machineHref } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { RawErrorText } from '../../widgets/raw-error-text.tsx';
import { ConsoleBox } from './console-box.tsx';
import { ConversionTable } from './conversion-table.tsx';
import { HydrationBox } from './hydration-box.tsx';
import { MachineFacts } from './machine-facts.tsx';
import { type MachineProps, whyKept } from './machine-life.ts';
import { machineQuery, sourceOfMachineQuery } from './machine-queries.ts';
import { PublishedPorts } from './published-ports.tsx';
import { ScreenBox } from './screen-box.tsx';
import { TerminateDialog } from './terminate-dialog.tsx';

export function MachinePage(): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  const machineID = useParameter('machineId');
  const query = machineQuery(landfall, machineID);
  const answer = useLive(query);
  useTitle(machineID);
  useSurroundings([
    { text: t('machines.title'), href: hrefOf('/machines') },
    { text: machineID, href: machineHref(machineID) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure)) {
    return <GonePage name={machineID} listHref={hrefOf('/machines')} />;
  }
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(machine) => <KnownMachine machine={machine} />}
    </LiveState>
  );
}

function KnownMachine({ machine }: MachineProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { machineID, sourceServerID, error, phase, postLaunch = [] } = machine;
  const server = useLive(sourceOfMachineQuery(mgn, sourceServerID)).value;
  const name = server === undefined || server === null ? sourceServerID : serverName(server);
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={t('machine.description', { name })}
          actions={<TerminateButton machine={machine} server={server} />}
        >
          {machineID}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {error !== undefined && (
          <Alert
            type={phase === 'FAILED' ? 'error' : 'warning'}
            header={t(phase === 'FAILED' ? 'machine.failed' : 'machine.troubled')}
          >
            <RawErrorText text={error.message} code={error.code} hint={error.hint} />
          </Alert>
        )}
        <ColumnLayout columns={2}>
          <MachineFacts machine={machine} name={name} />
          <HydrationBox machine={machine} />
        </ColumnLayout>
        <ScreenBox machine={machine} />
        <ConsoleBox machine={machine} />
        <PublishedPorts machine={machine} />
        <ConversionTable machine={machine} />
        {postLaunch.length > 0 && <NamedOutcomes machine={machine} />}
      </SpaceBetween>
    </ContentLayout>
  );
}

function NamedOutcomes({ machine }: MachineProps): ReactNode {
  const calls = useConsole();
  const names = useLive({
    key: `names of actions of ${machine.machineID}`,
    on: [],
    load: () => loadActionNames(calls, machine),
  });
  return <PostLaunchTable results={machine.postLaunch ?? []} names={names.value} />;
}

/** `undefined`: not known yet. */
function TerminateButton(
  props: MachineProps & { readonly server: Mgn.SourceServer | null | undefined },
): ReactNode {
  const { machine, server } = props;
  const { t } = useI18n();
  const [isAsked, setIsAsked] = useState(false);
  const why = server === undefined ? undefined : whyKept(machine, server ?? undefined);
  return (
    <>
      <Button
        disabled={server === undefined || why !== undefined}
        {...(why === undefined ? {} : { disabledReason: t(why) })}
        onClick={() => setIsAsked(true)}
      >
        {t('machine.terminate')}
      </Button>
      {isAsked && server !== undefined && server !== null && (
        <TerminateDialog machine={machine} server={server} onEnd={() => setIsAsked(false)} />
      )}
    </>
  );
}
