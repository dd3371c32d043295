/** The instant as date and time, for who knows it or cannot point at it. In the browser's time zone. */
import DatePicker from '@cloudscape-design/components/date-picker';
import FormField from '@cloudscape-design/components/form-field';
import SpaceBetween from '@cloudscape-design/components/space-between';
import TimeInput from '@cloudscape-design/components/time-input';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { localDate, localTime, parseLocal } from './local-time.ts';

export interface ExactInstantProps {
  readonly timeMs: number;
  readonly onChange: (timeMs: number) => void;
}

export function ExactInstant({ timeMs, onChange }: ExactInstantProps): ReactNode {
  const { t } = useI18n();
  const [typed, setTyped] = useState<{ readonly date?: string; readonly time?: string }>({});
  const date = typed.date ?? localDate(timeMs);
  const time = typed.time ?? localTime(timeMs);
  const take = (next: { readonly date?: string; readonly time?: string }) => {
    const all = { ...typed, ...next };
    const parsed = parseLocal(all.date ?? date, all.time ?? time);
    setTyped(parsed === undefined ? all : {});
    if (parsed !== undefined) onChange(parsed);
  };
  return (
    <SpaceBetween direction="horizontal" size="s">
      <FormField label={t('timeline.exact.date')}>
        <DatePicker value={date} onChange={({ detail }) => take({ date: detail.value })} />
      </FormField>
      <FormField label={t('timeline.exact.time')}>
        <TimeInput value={time} format="hh:mm:ss" onChange={({ detail }) => take({ time: detail.value })} />
      </FormField>
    </SpaceBetween>
  );
}
