/** The filters above the audit log. The service does the filtering. */
import Button from '@cloudscape-design/components/button';
import DateRangePicker, { type DateRangePickerProps } from '@cloudscape-design/components/date-range-picker';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { type AuditFilter, isFiltering, OUTCOMES, withSpan, withText } from './audit-filter.ts';
import { RELATIVE_OPTIONS, rangeFault, rangeOfSpan, spanOfRange } from './audit-range.ts';

export interface AuditFiltersProps {
  readonly filter: AuditFilter;
  readonly onChange: (filter: AuditFilter) => void;
}

export function AuditFilters({ filter, onChange }: AuditFiltersProps): ReactNode {
  const { t } = useI18n();
  const options = [
    { value: '', label: t('common.all') },
    ...OUTCOMES.map((value) => ({ value, label: outcomeText(value, t) })),
  ];
  const chosen = options.find(({ value }) => value === (filter.outcome ?? ''));
  const other = filter.outcome === undefined ? null : { value: filter.outcome, label: filter.outcome };
  return (
    <SpaceBetween direction="horizontal" size="m" alignItems="end">
      <FormField label={t('audit.filter.period')}>
        <Span filter={filter} onChange={onChange} />
      </FormField>
      <FormField label={t('audit.filter.outcome')}>
        <Select
          options={options}
          selectedOption={chosen ?? other}
          onChange={({ detail }) => onChange(withText(filter, 'outcome', detail.selectedOption.value ?? ''))}
        />
      </FormField>
      <TextFilter
        key={`action ${filter.action ?? ''}`}
        label={t('audit.filter.action')}
        note={t('audit.filter.actionNote')}
        value={filter.action}
        onChange={(value) => onChange(withText(filter, 'action', value))}
      />
      <TextFilter
        key={`principal ${filter.principal ?? ''}`}
        label={t('audit.filter.principal')}
        note={t('audit.filter.principalNote')}
        value={filter.principal}
        onChange={(value) => onChange(withText(filter, 'principal', value))}
      />
      {isFiltering(filter) && <Button onClick={() => onChange({})}>{t('audit.filter.clear')}</Button>}
    </SpaceBetween>
  );
}

function Span({ filter, onChange }: AuditFiltersProps): ReactNode {
  const { t } = useI18n();
  const isValidRange = (range: DateRangePickerProps.Value | null) => {
    const fault = rangeFault(range);
    if (fault === undefined) return { valid: true } as const;
    return { valid: false, errorMessage: t(`audit.filter.${fault}`) } as const;
  };
  return (
    <DateRangePicker
      value={rangeOfSpan(filter)}
      relativeOptions={RELATIVE_OPTIONS}
      rangeSelectorMode="default"
      placeholder={t('audit.filter.periodAny')}
      isValidRange={isValidRange}
      onChange={({ detail }) => onChange(withSpan(filter, spanOfRange(detail.value)))}
      i18nStrings={{
        formatRelativeRange: ({ key, amount, unit }) => {
          const option = RELATIVE_OPTIONS.find((one) => one.key === key);
          if (option === undefined) return t('audit.filter.other', { amount, unit });
          return t(`audit.filter.relative.${option.key}`);
        },
      }}
    />
  );
}

/** Asks when the person is done with it: Enter, or leaving the field. */
function TextFilter(props: {
  readonly label: string;
  readonly note: string;
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
}): ReactNode {
  const { label, note, value = '', onChange } = props;
  const [typed, setTyped] = useState(value);
  const take = () => {
    if (typed.trim() !== value) onChange(typed);
  };
  return (
    <FormField label={label} constraintText={note}>
      <Input
        type="search"
        value={typed}
        onChange={({ detail }) => {
          setTyped(detail.value);
          if (detail.value === '' && value !== '') onChange('');
        }}
        onBlur={take}
        onKeyDown={({ detail }) => detail.key === 'Enter' && take()}
      />
    </FormField>
  );
}

export function outcomeText(outcome: string, t: ReturnType<typeof useI18n>['t']): string {
  if (outcome === 'SUCCESS' || outcome === 'STARTED') return t(`audit.outcome.${outcome}`);
  return outcome;
}
