/** The filters above the list. The service does the filtering. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { IdsFilter } from '../../widgets/ids-filter.tsx';
import { isFilteringJobs, JOB_PERIODS, type JobsFilter, parseJobIds } from './jobs-filter.ts';

export interface JobsFiltersProps {
  readonly filter: JobsFilter;
  readonly onChange: (filter: JobsFilter) => void;
}

export function JobsFilters({ filter, onChange }: JobsFiltersProps): ReactNode {
  const { t } = useI18n();
  const [ids, setIds] = useState(filter.jobIDs.join(' '));
  const options = JOB_PERIODS.map((value) => ({ value, label: t(`jobs.period.${value}`) }));
  const clear = () => {
    setIds('');
    onChange({ period: 'all', jobIDs: [] });
  };
  return (
    <div className="filters">
      <FormField label={t('jobs.filter.period')}>
        <Select
          options={options}
          selectedOption={options.find(({ value }) => value === filter.period) ?? null}
          onChange={({ detail }) => {
            const { value } = detail.selectedOption;
            onChange({ ...filter, period: JOB_PERIODS.find((period) => period === value) ?? 'all' });
          }}
        />
      </FormField>
      <IdsFilter
        label={t('jobs.filter.ids')}
        text={ids}
        parse={parseJobIds}
        wrongText={(value) => t('jobs.filter.badId', { value })}
        onText={setIds}
        onIds={(jobIDs) => onChange({ ...filter, jobIDs })}
      />
      {isFilteringJobs(filter) && <Button onClick={clear}>{t('servers.filter.clear')}</Button>}
    </div>
  );
}
