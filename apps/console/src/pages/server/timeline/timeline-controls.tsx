/** Buttons for what wheel and drag do: how much is shown, and which part. */
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { pan, SPANS_MS, spanOf, type TimeWindow, windowAround, zoom } from './time-scale.ts';

export interface TimelineControlsProps {
  readonly window: TimeWindow;
  readonly limits: TimeWindow;
  readonly selectedMs: number;
  readonly onWindow: (window: TimeWindow) => void;
  readonly onNewest: (spanMs: number) => void;
}

export function TimelineControls(props: TimelineControlsProps): ReactNode {
  const { window: shown, limits, selectedMs, onWindow, onNewest } = props;
  const { t, formats } = useI18n();
  const span = spanOf(shown);
  const isAtEnd = selectedMs >= limits.toMs;
  const show = (spanMs: number) =>
    isAtEnd ? onNewest(spanMs) : onWindow(windowAround(selectedMs, spanMs, limits));
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {SPANS_MS.map((spanMs) => (
        <Button
          key={spanMs}
          variant={Math.abs(span - spanMs) < spanMs / 100 ? 'primary' : 'normal'}
          ariaLabel={`${t('timeline.span')} ${formats.duration(spanMs)}`}
          onClick={() => show(spanMs)}
        >
          {formats.duration(spanMs)}
        </Button>
      ))}
      <Button
        iconName="zoom-in"
        ariaLabel={t('timeline.zoomIn')}
        onClick={() => onWindow(zoom(shown, 2, selectedMs, limits))}
      />
      <Button
        iconName="zoom-out"
        ariaLabel={t('timeline.zoomOut')}
        onClick={() => onWindow(zoom(shown, 0.5, selectedMs, limits))}
      />
      <Button
        iconName="angle-left"
        ariaLabel={t('timeline.earlier')}
        onClick={() => onWindow(pan(shown, -span / 2, limits))}
      />
      <Button
        iconName="angle-right"
        ariaLabel={t('timeline.later')}
        onClick={() => onWindow(pan(shown, span / 2, limits))}
      />
      <Button onClick={() => onNewest(span)}>{t('timeline.newest')}</Button>
    </SpaceBetween>
  );
}
