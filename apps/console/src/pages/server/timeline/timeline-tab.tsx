/** The recovery timeline of a server: choose a second of the past, see which point it means, launch it. */
import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall, Mgn } from '@landfall/api/types';
import { type ReactNode, useMemo, useState } from 'react';
import type { I18n } from '../../../i18n/i18n-context.tsx';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { journalQuery, replicationQuery } from '../../../servers/server-queries.ts';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { FailureAlert } from '../../../widgets/live-state.tsx';
import { Waiting } from '../../../widgets/waiting.tsx';
import { ExactInstant } from './exact-instant.tsx';
import { SelectedPoint } from './selected-point.tsx';
import { Suspicions } from './suspicions.tsx';
import { tierBands, windowAround } from './time-scale.ts';
import { TimelineControls } from './timeline-controls.tsx';
import { TimelineLegend } from './timeline-legend.tsx';
import { type TimelineMark, TimelineStrip } from './timeline-strip.tsx';
import { type Timeline, useTimeline } from './use-timeline.ts';

export function TimelineTab({ server }: { readonly server: Mgn.SourceServer }): ReactNode {
  const { t } = useI18n();
  const sourceServerID = server.sourceServerID ?? '';
  const timeline = useTimeline(sourceServerID);
  const { range, limits } = timeline;
  return (
    <Container
      header={
        <Header variant="h2" description={t('timeline.description')}>
          {t('timeline.title')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {range.failure !== undefined && (
          <FailureAlert failure={range.failure} isStale={range.value !== undefined} />
        )}
        {range.value === undefined && range.isLoading && <Waiting />}
        {range.value !== undefined && limits === undefined && <Nothing />}
        {limits !== undefined && <Filled server={server} timeline={timeline} />}
      </SpaceBetween>
    </Container>
  );
}

function Nothing(): ReactNode {
  const { t } = useI18n();
  return (
    <Box textAlign="center" padding="l">
      <Box variant="h3">{t('timeline.nothing.title')}</Box>
      <Box color="text-body-secondary">{t('timeline.nothing.text')}</Box>
    </Box>
  );
}

function Filled(props: { readonly server: Mgn.SourceServer; readonly timeline: Timeline }): ReactNode {
  const { server, timeline } = props;
  const { limits, window, points, marked, setWindow, followNewest } = timeline;
  const sourceServerID = server.sourceServerID ?? '';
  const i18n = useI18n();
  const { t } = i18n;
  const { landfall } = useConsole();
  const replication = useLive(replicationQuery(landfall, sourceServerID));
  const journal = useLive(journalQuery(landfall, sourceServerID));
  const [chosenMs, setChosenMs] = useState<number>();
  const items = points.value?.items ?? [];
  const suspicions = replication.value?.tripwire?.suspicions ?? [];
  const marks = useMemo(
    () => marksOf(i18n, { marked, items, suspicions }),
    [i18n, marked, items, suspicions],
  );
  if (limits === undefined) return null;
  const selectedMs = Math.min(limits.toMs, Math.max(limits.fromMs, chosenMs ?? limits.toMs));
  const goTo = (timeMs: number) => {
    setChosenMs(timeMs);
    setWindow(windowAround(timeMs, Math.min(window.toMs - window.fromMs, 600_000), limits));
  };
  const total = points.value?.total ?? 0;
  const key = items.length < total ? 'timeline.inViewSome' : 'timeline.inView';
  return (
    <SpaceBetween size="m">
      <TimelineControls
        window={window}
        limits={limits}
        selectedMs={selectedMs}
        onWindow={setWindow}
        onNewest={(spanMs) => {
          setChosenMs(undefined);
          followNewest(spanMs);
        }}
      />
      <TimelineStrip
        window={window}
        limits={limits}
        selectedMs={selectedMs}
        pointTimesMs={items.map(({ cutDateTime }) => Date.parse(cutDateTime))}
        bands={tierBands(journal.value?.space?.tiers ?? [], limits)}
        marks={marks}
        onWindow={setWindow}
        onSelect={setChosenMs}
      />
      <SpaceBetween direction="horizontal" size="m">
        <Box fontSize="body-s">{t(key, { count: total, shown: items.length })}</Box>
        <TimelineLegend />
      </SpaceBetween>
      <Suspicions sourceServerID={sourceServerID} suspicions={suspicions} onGo={goTo} />
      <ColumnLayout columns={2} variant="text-grid">
        <ExactInstant timeMs={selectedMs} onChange={goTo} />
        <SelectedPoint server={server} timeMs={selectedMs} isNewest={chosenMs === undefined} />
      </ColumnLayout>
    </SpaceBetween>
  );
}

function marksOf(
  { t, formats }: I18n,
  known: {
    readonly marked: readonly Landfall.RecoveryPointItem[];
    readonly items: readonly Landfall.RecoveryPointItem[];
    readonly suspicions: readonly Landfall.Suspicion[];
  },
): readonly TimelineMark[] {
  const pins = known.marked.map(({ cutDateTime, name }) => ({
    kind: 'PIN' as const,
    timeMs: Date.parse(cutDateTime),
    title: name ?? t('timeline.legend.pin'),
  }));
  const verified = known.items
    .filter((item) => item.verified === true)
    .map(({ cutDateTime }) => ({
      kind: 'VERIFIED' as const,
      timeMs: Date.parse(cutDateTime),
      title: `${t('timeline.legend.verified')}: ${formats.instant(cutDateTime)}`,
    }));
  const tripwire = known.suspicions.map(({ beganDateTime }) => ({
    kind: 'TRIPWIRE' as const,
    timeMs: Date.parse(beganDateTime),
    title: `${t('timeline.legend.tripwire')}: ${formats.instant(beganDateTime)}`,
  }));
  return [...pins, ...verified, ...tripwire];
}
