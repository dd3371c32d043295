/**
 * Which recovery points are kept: of a server, or by default. What somebody has begun to change stays as
 * typed, whatever arrives meanwhile, and never replaces what its alert has not told of.
 */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import { areSameTiers } from '@landfall/model';
import { type ReactNode, useState } from 'react';
import { randomId } from '../../../browser-clock.ts';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { useDraft } from '../../../shell/use-draft.ts';
import { DiscardButton, OvertakenAlert } from '../../../widgets/draft-parts.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import { RetentionChangeDialog } from './retention-change-dialog.tsx';
import {
  draftOfTiers,
  faultsOf,
  hasRoomForTier,
  type TierDraft,
  tiersOf,
  withNewTier,
} from './retention-draft.ts';
import { TierFields } from './tier-fields.tsx';

/** Without a server: the default of all. */
export function RetentionOf({ sourceServerID }: { readonly sourceServerID?: string }): ReactNode {
  const { landfall, queries } = useConsole();
  const key = `retention of ${sourceServerID ?? 'all'}`;
  const retention = useLive({
    key,
    on: ['RetentionChanged', 'SourceServerChanged'],
    about: sourceServerID,
    load: () => landfall('GetRetention', { sourceServerID }),
  });
  return (
    <LiveState answer={retention} onRetry={() => queries.refresh(key)}>
      {(known) => <RetentionForm known={known} />}
    </LiveState>
  );
}

type Change = Pick<Landfall.PutRetentionRequest, 'tiers' | 'expectedRevision'>;

function RetentionForm({ known }: { readonly known: Landfall.Retention }): ReactNode {
  const { t } = useI18n();
  const draft = useDraft<readonly TierDraft[]>(known.tiers);
  const { typed } = draft;
  const [change, setChange] = useState<Change>();
  const tiers = tiersOf(typed ?? []);
  const isChanged = tiers !== undefined && !areSameTiers(tiers, known.tiers);
  const isPut = known.origin === (known.sourceServerID === undefined ? 'DEFAULT' : 'SERVER');
  const close = () => setChange(undefined);
  const { revision: expectedRevision } = known;
  const actions = (
    <SpaceBetween direction="horizontal" size="xs">
      <Button disabled={!isPut} onClick={() => setChange({ expectedRevision })}>
        {t('settings.retention.reset')}
      </Button>
      <DiscardButton draft={draft} isBusy={false} />
      <Button variant="primary" disabled={!isChanged} onClick={() => setChange({ tiers, expectedRevision })}>
        {t('common.save')}
      </Button>
    </SpaceBetween>
  );
  return (
    <Container header={<FormHeader known={known} actions={actions} />}>
      <SpaceBetween size="m">
        <OvertakenAlert draft={draft} isBusy={change !== undefined} />
        <Tiers draft={typed ?? draftOfTiers(known.tiers)} onChange={draft.type} />
      </SpaceBetween>
      {change !== undefined && (
        <RetentionChangeDialog
          change={{ ...change, sourceServerID: known.sourceServerID }}
          onCancel={close}
          onDone={() => {
            draft.discard();
            close();
          }}
        />
      )}
    </Container>
  );
}

function FormHeader({ known, actions }: { known: Landfall.Retention; actions: ReactNode }): ReactNode {
  const { t } = useI18n();
  const { sourceServerID, origin, isApplied } = known;
  const isDefault = sourceServerID === undefined;
  const told = [
    t(isDefault ? 'settings.retention.defaultText' : 'settings.retention.ownText'),
    t(`settings.retention.origin.${origin}`),
    ...(isApplied === false ? [t('settings.retention.notApplied')] : []),
  ];
  return (
    <Header variant="h2" description={told.join(' ')} actions={actions}>
      {t(isDefault ? 'settings.retention.default' : 'settings.retention.own')}
    </Header>
  );
}

interface TiersProps {
  readonly draft: readonly TierDraft[];
  readonly onChange: (draft: readonly TierDraft[]) => void;
}

function Tiers({ draft, onChange }: TiersProps): ReactNode {
  const { t } = useI18n();
  const faults = faultsOf(draft);
  return (
    <SpaceBetween size="m">
      {draft.map((tier, index) => (
        <TierFields
          key={tier.id}
          tier={tier}
          faults={faults[index] ?? {}}
          number={index + 1}
          onChange={(changed) => onChange(draft.map((one) => (one.id === tier.id ? changed : one)))}
          onRemove={draft.length === 1 ? undefined : () => onChange(draft.filter(({ id }) => id !== tier.id))}
        />
      ))}
      <Button disabled={!hasRoomForTier(draft)} onClick={() => onChange(withNewTier(draft, randomId()))}>
        {t('settings.retention.addTier')}
      </Button>
    </SpaceBetween>
  );
}
