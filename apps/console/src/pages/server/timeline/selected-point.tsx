/** The recovery point that the selected instant means, and what can be done from it. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall, Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { ACTIONS } from '../../../servers/server-actions.ts';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import { PinDialog, UnpinDialog } from './pin-dialogs.tsx';
import { PointLaunchDialog } from './point-launch-dialog.tsx';

export interface SelectedPointProps {
  readonly server: Mgn.SourceServer;
  readonly timeMs: number;
  /** Nobody has chosen: the newest goes on with the time. */
  readonly isNewest: boolean;
}

export function SelectedPoint({ server, timeMs, isNewest }: SelectedPointProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const sourceServerID = server.sourceServerID ?? '';
  const until = isNewest ? {} : { toDateTime: new Date(timeMs).toISOString() };
  const answer = useLive({
    key: `point ${sourceServerID} ${until.toDateTime ?? 'newest'}`,
    on: isNewest ? ['RecoveryPointChanged', 'ReplicationChanged'] : ['RecoveryPointChanged'],
    about: sourceServerID,
    load: () => landfall('ListRecoveryPoints', { sourceServerID, ...until, maxResults: 1 }),
  });
  return (
    <LiveState answer={answer}>
      {({ items: [point] }) =>
        point === undefined ? (
          <Box>{t('timeline.point.none')}</Box>
        ) : (
          <Point server={server} point={point} timeMs={timeMs} />
        )
      }
    </LiveState>
  );
}

type Asked = 'TEST' | 'CUTOVER' | 'PIN' | 'UNPIN';

function Point(props: {
  readonly server: Mgn.SourceServer;
  readonly point: Landfall.RecoveryPointItem;
  readonly timeMs: number;
}): ReactNode {
  const { server, point, timeMs } = props;
  const { t } = useI18n();
  const [asked, setAsked] = useState<Asked>();
  const end = () => setAsked(undefined);
  const { name } = point;
  const pinDialog = { sourceServerID: server.sourceServerID ?? '', point, onEnd: end };
  return (
    <SpaceBetween size="m">
      <PointFacts point={point} timeMs={timeMs} />
      <SpaceBetween direction="horizontal" size="xs">
        <Button
          variant="primary"
          disabled={!ACTIONS.test.isPossible(server)}
          onClick={() => setAsked('TEST')}
        >
          {t('timeline.launchTest')}
        </Button>
        <Button disabled={!ACTIONS.cutover.isPossible(server)} onClick={() => setAsked('CUTOVER')}>
          {t('timeline.launchCutover')}
        </Button>
        <Button onClick={() => setAsked(name === undefined ? 'PIN' : 'UNPIN')}>
          {name === undefined ? t('timeline.pin') : t('timeline.unpin')}
        </Button>
      </SpaceBetween>
      {(asked === 'TEST' || asked === 'CUTOVER') && (
        <PointLaunchDialog server={server} point={point} purpose={asked} onEnd={end} />
      )}
      {asked === 'PIN' && <PinDialog {...pinDialog} />}
      {asked === 'UNPIN' && <UnpinDialog {...pinDialog} />}
    </SpaceBetween>
  );
}

function PointFacts(props: {
  readonly point: Landfall.RecoveryPointItem;
  readonly timeMs: number;
}): ReactNode {
  const { point, timeMs } = props;
  const { t, formats } = useI18n();
  const { name, lockedUntilDateTime: locked, verified } = point;
  return (
    <KeyValuePairs
      columns={2}
      items={[
        {
          label: t('timeline.selected'),
          value: <span data-testid="selected">{formats.instant(timeMs)}</span>,
        },
        { label: t('timeline.point'), value: formats.instant(point.cutDateTime) },
        { label: t('timeline.point.epoch'), value: formats.number(point.epoch) },
        { label: t('timeline.point.consistency'), value: t(`timeline.consistency.${point.consistency}`) },
        ...(name === undefined ? [] : [{ label: t('timeline.point.name'), value: name }]),
        ...(locked === undefined
          ? []
          : [{ label: t('timeline.point.locked'), value: formats.instant(locked) }]),
        ...(verified === true ? [{ label: t('timeline.point.verified'), value: t('common.yes') }] : []),
      ]}
    />
  );
}
