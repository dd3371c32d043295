/**
 * The strip itself: tiers above, recovery points as bars, what stands out below, and the time. One slider for
 * the keyboard; wheel and drag for the pointer.
 */
import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { StripBands, StripMarks, StripPoints, StripTicks } from './strip-parts.tsx';
import { pan, positionOf, spanOf, type TierBand, type TimeWindow, timeAt, zoom } from './time-scale.ts';

export interface TimelineMark {
  readonly kind: 'PIN' | 'VERIFIED' | 'TRIPWIRE';
  readonly timeMs: number;
  readonly title: string;
}

export interface TimelineStripProps {
  readonly window: TimeWindow;
  readonly limits: TimeWindow;
  readonly selectedMs: number;
  readonly pointTimesMs: readonly number[];
  readonly bands: readonly TierBand[];
  readonly marks: readonly TimelineMark[];
  readonly onWindow: (window: TimeWindow) => void;
  readonly onSelect: (timeMs: number) => void;
}

export const STRIP_HEIGHT = 132;
const WIDTH_FIRST = 900;
const WHEEL_FACTOR = 1.25;
const KEY_FACTOR = 2;
/** A pointer that moved less than this has clicked. */
const CLICK_PIXELS_MAX = 4;

export function TimelineStrip(props: TimelineStripProps): ReactNode {
  const { window: shown, limits, selectedMs, onWindow, onSelect } = props;
  const { t, formats } = useI18n();
  const [width, place] = useWidth();
  const drag = useRef<{ readonly x: number; readonly window: TimeWindow } | undefined>(undefined);
  const strip = useWheel((factor, x) => onWindow(zoom(shown, factor, timeAt(x, shown, width), limits)));
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, window: shown };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const begun = drag.current;
    if (begun === undefined || Math.abs(event.clientX - begun.x) <= CLICK_PIXELS_MAX) return;
    onWindow(pan(begun.window, ((begun.x - event.clientX) / width) * spanOf(begun.window), limits));
  };
  const onPointerUp = (event: PointerEvent<HTMLDivElement>) => {
    const begun = drag.current;
    drag.current = undefined;
    if (begun === undefined || Math.abs(event.clientX - begun.x) > CLICK_PIXELS_MAX) return;
    onSelect(timeAt(event.clientX - event.currentTarget.getBoundingClientRect().left, shown, width));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const action = keyAction(event, { ...props, width });
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  const at = positionOf(selectedMs, shown, width);
  return (
    <div ref={place} className="timeline">
      <div
        ref={strip}
        className="timeline-strip"
        role="slider"
        tabIndex={0}
        aria-label={t('timeline.strip')}
        aria-valuemin={limits.fromMs}
        aria-valuemax={limits.toMs}
        aria-valuenow={selectedMs}
        aria-valuetext={formats.instant(selectedMs)}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        data-testid="timeline"
      >
        <svg width={width} height={STRIP_HEIGHT} aria-hidden="true">
          <StripBands {...props} width={width} />
          <StripPoints {...props} width={width} />
          <StripMarks {...props} width={width} />
          <StripTicks {...props} width={width} />
          {at >= 0 && at <= width && (
            <line className="timeline-cursor" x1={at} x2={at} y1={0} y2={STRIP_HEIGHT - 22} />
          )}
        </svg>
      </div>
    </div>
  );
}

function keyAction(
  { key, shiftKey }: KeyboardEvent,
  props: TimelineStripProps & { readonly width: number },
): (() => void) | undefined {
  const { window: shown, limits, selectedMs, width, onWindow, onSelect } = props;
  const pixelMs = spanOf(shown) / width;
  const move = (byMs: number) => () => {
    const next = Math.round(Math.min(limits.toMs, Math.max(limits.fromMs, selectedMs + byMs)));
    onSelect(next);
    const overMs = Math.max(0, next - shown.toMs) - Math.max(0, shown.fromMs - next);
    if (overMs !== 0) onWindow(pan(shown, overMs, limits));
  };
  const near = Math.max(1, pixelMs) * (shiftKey ? 50 : 1);
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: move(-near),
    ArrowDown: move(-near),
    ArrowRight: move(near),
    ArrowUp: move(near),
    Home: move(limits.fromMs - selectedMs),
    End: move(limits.toMs - selectedMs),
    PageUp: () => onWindow(pan(shown, -spanOf(shown), limits)),
    PageDown: () => onWindow(pan(shown, spanOf(shown), limits)),
    '+': () => onWindow(zoom(shown, KEY_FACTOR, selectedMs, limits)),
    '=': () => onWindow(zoom(shown, KEY_FACTOR, selectedMs, limits)),
    '-': () => onWindow(zoom(shown, 1 / KEY_FACTOR, selectedMs, limits)),
  };
  return Object.hasOwn(actions, key) ? actions[key] : undefined;
}

function useWidth(): readonly [number, RefObject<HTMLDivElement | null>] {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(WIDTH_FIRST);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const next = Math.floor(entry?.contentRect.width ?? 0);
      if (next > 0) setWidth(next);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, place];
}

/** React listens to wheels passively, which lets the page scroll along. */
function useWheel(onZoom: (factor: number, x: number) => void): RefObject<HTMLDivElement | null> {
  const strip = useRef<HTMLDivElement>(null);
  const latest = useRef(onZoom);
  latest.current = onZoom;
  useEffect(() => {
    const element = strip.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const x = event.clientX - element.getBoundingClientRect().left;
      latest.current(event.deltaY < 0 ? WHEEL_FACTOR : 1 / WHEEL_FACTOR, x);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);
  return strip;
}
