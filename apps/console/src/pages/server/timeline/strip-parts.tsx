/** The parts of the strip, each drawn from what it is given. */
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { bins, positionOf, type TierBand, type TimeWindow, ticks } from './time-scale.ts';
import type { TimelineMark } from './timeline-strip.tsx';

interface PartProps {
  readonly window: TimeWindow;
  readonly width: number;
}

const BAND_HEIGHT = 18;
const BARS_TOP = 24;
const BARS_HEIGHT = 52;
const MARKS_Y = 92;
const AXIS_Y = 110;
const BIN_WIDTH = 3;
const TICK_PIXELS = 110;
const LABEL_PIXELS_MIN = 130;

export function StripBands(props: PartProps & { readonly bands: readonly TierBand[] }): ReactNode {
  const { bands, window: shown, width } = props;
  const { t, formats } = useI18n();
  return bands.map(({ fromMs, toMs, everyMs }, index) => {
    const left = Math.max(0, positionOf(fromMs, shown, width));
    const right = Math.min(width, positionOf(toMs, shown, width));
    if (right <= left) return null;
    const label =
      everyMs === 0 ? t('timeline.tier.all') : t('timeline.tier', { every: formats.duration(everyMs) });
    return (
      <g key={everyMs}>
        <rect
          className={`timeline-band timeline-band-${index % 4}`}
          x={left}
          width={right - left}
          y={0}
          height={BAND_HEIGHT}
        />
        {right - left >= LABEL_PIXELS_MIN && (
          <text className="timeline-label" x={left + 6} y={13}>
            {label}
          </text>
        )}
      </g>
    );
  });
}

export function StripPoints(props: PartProps & { readonly pointTimesMs: readonly number[] }): ReactNode {
  const { pointTimesMs, window: shown, width } = props;
  const strips = bins(pointTimesMs, shown, { width, binWidth: BIN_WIDTH });
  const most = Math.max(1, ...strips.map(({ count }) => count));
  return strips.map(({ position, count }) => {
    // One point is seen as well as a hundred, only lower.
    const height = 10 + (BARS_HEIGHT - 10) * (Math.log1p(count) / Math.log1p(most));
    return (
      <rect
        key={position}
        className="timeline-point"
        x={position}
        width={BIN_WIDTH - 1}
        y={BARS_TOP + BARS_HEIGHT - height}
        height={height}
      />
    );
  });
}

export function StripMarks(props: PartProps & { readonly marks: readonly TimelineMark[] }): ReactNode {
  const { marks, window: shown, width } = props;
  return marks.map(({ kind, timeMs, title }) => {
    const x = positionOf(timeMs, shown, width);
    if (x < 0 || x > width) return null;
    return (
      <g key={`${kind} ${timeMs}`} className={`timeline-mark-${kind.toLowerCase()}`}>
        <title>{title}</title>
        <line x1={x} x2={x} y1={BARS_TOP} y2={MARKS_Y - 6} />
        <MarkShape kind={kind} x={x} />
      </g>
    );
  });
}

/** Told by shape as well as by colour. */
function MarkShape({ kind, x }: { readonly kind: TimelineMark['kind']; readonly x: number }): ReactNode {
  const y = MARKS_Y;
  if (kind === 'PIN') return <path d={`M${x} ${y - 6}l6 6-6 6-6-6z`} />;
  if (kind === 'VERIFIED') return <circle cx={x} cy={y} r={5} />;
  return <path d={`M${x} ${y - 6}l7 12h-14z`} />;
}

export function StripTicks({ window: shown, width }: PartProps): ReactNode {
  const { language } = useI18n();
  const offsetMs = -new Date(shown.toMs).getTimezoneOffset() * 60_000;
  const marks = ticks(shown, Math.floor(width / TICK_PIXELS), offsetMs);
  return (
    <g>
      <line className="timeline-axis" x1={0} x2={width} y1={AXIS_Y} y2={AXIS_Y} />
      {marks.map(({ timeMs, stepMs }) => {
        const x = positionOf(timeMs, shown, width);
        return (
          <g key={timeMs}>
            <line className="timeline-axis" x1={x} x2={x} y1={AXIS_Y} y2={AXIS_Y + 5} />
            <text className="timeline-label" x={x} y={AXIS_Y + 18} textAnchor={anchorOf(x, width)}>
              {tickText(timeMs, stepMs, language)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function anchorOf(x: number, width: number): 'start' | 'middle' | 'end' {
  if (x < 30) return 'start';
  return x > width - 30 ? 'end' : 'middle';
}

/** As fine as the distance between marks, and no finer. */
function tickText(timeMs: number, stepMs: number, language: string): string {
  if (stepMs >= 86_400_000)
    return new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' }).format(timeMs);
  const fine = stepMs < 1000 ? ({ fractionalSecondDigits: 1 } as const) : {};
  const seconds = stepMs < 60_000 ? ({ second: '2-digit' } as const) : {};
  const day = stepMs >= 6 * 3_600_000 ? ({ month: 'short', day: 'numeric' } as const) : {};
  const style = {
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...seconds,
    ...fine,
  } as const;
  return new Intl.DateTimeFormat(language, style).format(timeMs);
}
