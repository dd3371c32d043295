/** What the timeline shows, asked of the service for the window that is looked at. */
import type { Landfall } from '@landfall/api/types';
import { useMemo, useRef, useState } from 'react';
import type { Answer } from '../../../api/live-queries.ts';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { clampWindow, spanOf, type TimeWindow } from './time-scale.ts';

const POINTS_MAX = 1000;
const MARKED_MAX = 200;
const SPAN_FIRST_MS = 3_600_000;
/** What the newest point may be ahead of the window that follows it, as a share of the window. */
const ROUNDING = 200;

export interface Timeline {
  readonly range: Answer<Landfall.ListRecoveryPointsResponse>;
  /** `undefined`: there is nothing yet. */
  readonly limits: TimeWindow | undefined;
  readonly window: TimeWindow;
  readonly points: Answer<Landfall.ListRecoveryPointsResponse>;
  readonly marked: readonly Landfall.RecoveryPointItem[];
  readonly setWindow: (window: TimeWindow) => void;
  readonly followNewest: (spanMs: number) => void;
}

type View =
  | { readonly kind: 'NEWEST'; readonly spanMs: number }
  | { readonly kind: 'FIXED'; readonly window: TimeWindow };

export function useTimeline(sourceServerID: string): Timeline {
  const { landfall } = useConsole();
  const [view, setView] = useState<View>({ kind: 'NEWEST', spanMs: SPAN_FIRST_MS });
  const about = sourceServerID;
  const on = ['RecoveryPointChanged', 'ReplicationChanged'] as const;
  const range = useLive({
    key: `points range ${sourceServerID}`,
    on,
    about,
    load: () => landfall('ListRecoveryPoints', { sourceServerID, maxResults: 1 }),
  });
  const marked = useLive({
    key: `points marked ${sourceServerID}`,
    on: ['RecoveryPointChanged'],
    about,
    load: () => landfall('ListRecoveryPoints', { sourceServerID, marked: true, maxResults: MARKED_MAX }),
  });
  const limits = useMemo(() => limitsOf(range.value), [range.value]);
  const window = windowOf(view, limits ?? { fromMs: 0, toMs: SPAN_FIRST_MS });
  const asked = rounded(window, limits);
  const points = useLive({
    key: `points ${sourceServerID} ${limits === undefined ? '' : `${asked.fromMs} ${asked.toMs}`}`,
    on,
    about,
    load: () =>
      limits === undefined
        ? Promise.resolve({ items: [], total: 0 })
        : landfall('ListRecoveryPoints', {
            sourceServerID,
            fromDateTime: new Date(asked.fromMs).toISOString(),
            toDateTime: new Date(asked.toMs).toISOString(),
            maxResults: POINTS_MAX,
          }),
  });
  return {
    range,
    limits,
    window,
    points: useLast(points),
    marked: marked.value?.items ?? [],
    setWindow: (next) => setView({ kind: 'FIXED', window: next }),
    followNewest: (spanMs) => setView({ kind: 'NEWEST', spanMs }),
  };
}

function limitsOf(value: Landfall.ListRecoveryPointsResponse | undefined): TimeWindow | undefined {
  const { oldestDateTime, newestDateTime } = value ?? {};
  if (oldestDateTime === undefined || newestDateTime === undefined) return undefined;
  const fromMs = Date.parse(oldestDateTime);
  return { fromMs, toMs: Math.max(Date.parse(newestDateTime), fromMs + 1000) };
}

function windowOf(view: View, limits: TimeWindow): TimeWindow {
  if (view.kind === 'FIXED') return clampWindow(view.window, limits);
  return clampWindow({ fromMs: limits.toMs - view.spanMs, toMs: limits.toMs }, limits);
}

/** A little more than is shown, so that looking a little further costs no request. */
function rounded(window: TimeWindow, limits: TimeWindow | undefined): TimeWindow {
  const stepMs = Math.max(1000, Math.ceil(spanOf(window) / ROUNDING));
  const toMs = Math.ceil(window.toMs / stepMs) * stepMs;
  return { fromMs: Math.floor(window.fromMs / stepMs) * stepMs, toMs: limits === undefined ? 0 : toMs };
}

/** While another window is asked for, what is known of the last one stays. */
function useLast<Value>(answer: Answer<Value>): Answer<Value> {
  const last = useRef<Value | undefined>(undefined);
  if (answer.value !== undefined) last.current = answer.value;
  return answer.value === undefined ? { ...answer, value: last.current } : answer;
}
