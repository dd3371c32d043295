import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';

const SHAPES = [
  ['points', 'timeline-point', 'M2 1h3v12h-3zM8 4h3v9h-3z'],
  ['pin', 'timeline-mark-pin', 'M7 1l6 6-6 6-6-6z'],
  ['verified', 'timeline-mark-verified', 'M7 2a5 5 0 1 0 .01 0z'],
  ['tripwire', 'timeline-mark-tripwire', 'M7 1l6 12h-12z'],
] as const;

export function TimelineLegend(): ReactNode {
  const { t } = useI18n();
  return (
    <ul className="timeline-legend">
      {SHAPES.map(([name, className, path]) => (
        <li key={name}>
          <svg width={14} height={14} aria-hidden="true">
            <path className={className} d={path} />
          </svg>
          {t(`timeline.legend.${name}`)}
        </li>
      ))}
    </ul>
  );
}
