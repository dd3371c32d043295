/** The filters above the list. The service does the filtering. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Multiselect from '@cloudscape-design/components/multiselect';
import Toggle from '@cloudscape-design/components/toggle';
import { LIFE_CYCLE_STATES } from '@landfall/model';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { IdsFilter } from '../../widgets/ids-filter.tsx';
import { isFiltering, parseIds, type ServersFilter } from './servers-filter.ts';

export interface ServersFiltersProps {
  readonly filter: ServersFilter;
  readonly onChange: (filter: ServersFilter) => void;
}

export function ServersFilters({ filter, onChange }: ServersFiltersProps): ReactNode {
  const { t } = useI18n();
  const [ids, setIds] = useState(filter.sourceServerIDs.join(' '));
  const options = LIFE_CYCLE_STATES.map((value) => ({ value, label: t(`lifeCycle.${value}`) }));
  const clear = () => {
    setIds('');
    onChange({ lifeCycleStates: [], sourceServerIDs: [], isArchived: false });
  };
  return (
    <div className="filters">
      <FormField label={t('servers.filter.lifeCycle')}>
        <Multiselect
          options={options}
          selectedOptions={options.filter(({ value }) => filter.lifeCycleStates.includes(value))}
          onChange={({ detail }) => {
            const chosen = detail.selectedOptions.map(({ value }) => value);
            onChange({
              ...filter,
              lifeCycleStates: LIFE_CYCLE_STATES.filter((state) => chosen.includes(state)),
            });
          }}
          tokenLimit={1}
        />
      </FormField>
      <IdsFilter
        label={t('servers.filter.ids')}
        text={ids}
        parse={parseIds}
        wrongText={(value) => t('servers.filter.badId', { value })}
        onText={setIds}
        onIds={(sourceServerIDs) => onChange({ ...filter, sourceServerIDs })}
      />
      <Toggle
        checked={filter.isArchived}
        onChange={({ detail }) => onChange({ ...filter, isArchived: detail.checked })}
      >
        {t('servers.filter.archived')}
      </Toggle>
      {isFiltering(filter) && <Button onClick={clear}>{t('servers.filter.clear')}</Button>}
    </div>
  );
}
