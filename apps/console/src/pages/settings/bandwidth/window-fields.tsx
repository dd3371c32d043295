/** One window of the week in which another cap holds. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import SpaceBetween from '@cloudscape-design/components/space-between';
import TimeInput from '@cloudscape-design/components/time-input';
import { WEEKDAYS } from '@landfall/model';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { type WindowDraft, type WindowFault, windowFaults } from './schedule-draft.ts';

export interface WindowFieldsProps {
  readonly window: WindowDraft;
  /** From 1, for who cannot see which one it is. */
  readonly number: number;
  readonly onChange: (change: Partial<WindowDraft>) => void;
  readonly onRemove: () => void;
}

export function WindowFields({ window, number, onChange, onRemove }: WindowFieldsProps): ReactNode {
  const { t } = useI18n();
  const faults = windowFaults(window);
  const faultText = (fault: WindowFault) =>
    faults.includes(fault) ? t(`settings.bandwidth.windowFault.${fault}`) : undefined;
  const options = WEEKDAYS.map((value) => ({ value, label: t(`weekday.${value}`) }));
  return (
    <SpaceBetween direction="horizontal" size="m" alignItems="end">
      <FormField label={t('settings.bandwidth.days')} errorText={faultText('days')}>
        <Multiselect
          options={options}
          hideTokens
          placeholder={window.days.map((day) => t(`weekday.${day}`)).join(', ')}
          selectedOptions={options.filter(({ value }) => window.days.includes(value))}
          onChange={({ detail }) => {
            const chosen = detail.selectedOptions.map(({ value }) => value);
            onChange({ days: WEEKDAYS.filter((day) => chosen.includes(day)) });
          }}
        />
      </FormField>
      <FormField label={t('settings.bandwidth.from')} errorText={faultText('from')}>
        <TimeInput
          format="hh:mm"
          value={window.from}
          onChange={({ detail }) => onChange({ from: detail.value })}
        />
      </FormField>
      <FormField label={t('settings.bandwidth.to')} errorText={faultText('to')}>
        <TimeInput
          format="hh:mm"
          value={window.to}
          onChange={({ detail }) => onChange({ to: detail.value })}
        />
      </FormField>
      <FormField label={t('settings.bandwidth.mbps')} errorText={faultText('mbps')}>
        <Input
          type="number"
          value={window.mbps}
          onChange={({ detail }) => onChange({ mbps: detail.value })}
        />
      </FormField>
      <Button ariaLabel={t('settings.bandwidth.removeWindowOf', { number })} onClick={onRemove}>
        {t('settings.bandwidth.removeWindow')}
      </Button>
    </SpaceBetween>
  );
}
