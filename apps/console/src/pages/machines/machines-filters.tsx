/** The filters above the list. The service does the filtering. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Multiselect from '@cloudscape-design/components/multiselect';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { MACHINE_PHASES } from '../../machines/machine-phases.ts';
import { IdsFilter } from '../../widgets/ids-filter.tsx';
import { parseIds } from '../servers/servers-filter.ts';
import { isFilteringMachines, type MachinesFilter } from './machines-filter.ts';

export interface MachinesFiltersProps {
  readonly filter: MachinesFilter;
  readonly onChange: (filter: MachinesFilter) => void;
}

export function MachinesFilters({ filter, onChange }: MachinesFiltersProps): ReactNode {
  const { t } = useI18n();
  const [ids, setIds] = useState(filter.sourceServerIDs.join(' '));
  const options = MACHINE_PHASES.map((value) => ({ value, label: t(`machine.phase.${value}`) }));
  const choose = (chosen: readonly (string | undefined)[]) =>
    onChange({ ...filter, phases: MACHINE_PHASES.filter((phase) => chosen.includes(phase)) });
  const clear = () => {
    setIds('');
    onChange({ phases: [], sourceServerIDs: [] });
  };
  return (
    <div className="filters">
      <FormField label={t('machines.filter.phase')}>
        <Multiselect
          options={options}
          selectedOptions={options.filter(({ value }) => filter.phases.includes(value))}
          onChange={({ detail }) => choose(detail.selectedOptions.map(({ value }) => value))}
          placeholder={t('machines.filter.notEnded')}
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
      {isFilteringMachines(filter) && <Button onClick={clear}>{t('servers.filter.clear')}</Button>}
    </div>
  );
}
