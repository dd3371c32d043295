/** What is kept of a server and for how long, what that takes, and the most it may take. */
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { ServerPicker } from '../../../servers/server-picker.tsx';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import { JournalLimitForm } from './journal-limit-form.tsx';
import { RetentionOf } from './retention-form.tsx';
import { JournalFacts, RetentionTiers } from './retention-tiers.tsx';

/** Measuring a journal is dear: it is looked at again no more often. */
const GAP_MS = 10_000;

export function RetentionTab(): ReactNode {
  const { t } = useI18n();
  const [server, setServer] = useState<Mgn.SourceServer>();
  return (
    <SpaceBetween size="l">
      <RetentionOf />
      <ServerPicker
        title={t('templates.machines.title')}
        description={t('settings.retention.text')}
        chosen={server}
        onChoose={setServer}
      />
      {server?.sourceServerID !== undefined && (
        <SpaceBetween key={server.sourceServerID} size="l">
          <RetentionOf sourceServerID={server.sourceServerID} />
          <Journal sourceServerID={server.sourceServerID} />
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

function Journal({ sourceServerID }: { readonly sourceServerID: string }): ReactNode {
  const { landfall, queries } = useConsole();
  const key = `journal ${sourceServerID}`;
  const journal = useLive({
    key,
    on: ['ReplicationChanged', 'RetentionChanged'],
    about: sourceServerID,
    gapMs: GAP_MS,
    load: () => landfall('DescribeJournal', { sourceServerID }),
  });
  return (
    <LiveState answer={journal} onRetry={() => queries.refresh(key)}>
      {(known) => (
        <SpaceBetween size="l">
          <JournalFacts journal={known} />
          <RetentionTiers journal={known} />
          <JournalLimitForm
            key={known.limitBytes ?? 0}
            sourceServerID={sourceServerID}
            limitBytes={known.limitBytes}
            usedBytes={known.space?.totalBytes}
          />
        </SpaceBetween>
      )}
    </LiveState>
  );
}
