/** The filters above the list. The service does the filtering. */
import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Multiselect from '@cloudscape-design/components/multiselect';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Toggle from '@cloudscape-design/components/toggle';
import { DATA_REPLICATION_STATES, LIFE_CYCLE_STATES } from '@landfall/model';
import { type ReactNode, useState } from 'react';
import { listAllApplications, listAllWaves } from '../../groups/list-applications.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { IdsFilter } from '../../widgets/ids-filter.tsx';
import { SearchInput } from '../../widgets/search-input.tsx';
import { isFiltering, NO_FILTER, parseIds, type ServersFilter } from './servers-filter.ts';

export interface ServersFiltersProps {
  readonly filter: ServersFilter;
  readonly onChange: (filter: ServersFilter) => void;
}

/** Applications and waves are made by people. */
const GROUPS_GAP_MS = 5000;

export function ServersFilters({ filter, onChange }: ServersFiltersProps): ReactNode {
  const { t } = useI18n();
  const [ids, setIds] = useState(filter.sourceServerIDs.join(' '));
  const clear = () => {
    setIds('');
    onChange(NO_FILTER);
  };
  return (
    <SpaceBetween size="xs">
      <div className="filters">
        <FormField label={t('servers.filter.text')}>
          <SearchInput
            value={filter.text}
            hint={t('servers.filter.textNote')}
            onSearch={(text) => onChange({ ...filter, text })}
          />
        </FormField>
        <ManyOf
          label={t('servers.filter.lifeCycle')}
          options={LIFE_CYCLE_STATES.map((value) => ({ value, label: t(`lifeCycle.${value}`) }))}
          chosen={filter.lifeCycleStates}
          onChoose={(lifeCycleStates) => onChange({ ...filter, lifeCycleStates })}
        />
        <Toggle
          checked={filter.isArchived}
          onChange={({ detail }) => onChange({ ...filter, isArchived: detail.checked })}
        >
          {t('servers.filter.archived')}
        </Toggle>
        {isFiltering(filter) && <Button onClick={clear}>{t('servers.filter.clear')}</Button>}
      </div>
      <MoreFilters {...{ filter, onChange, ids, onIds: setIds }} />
    </SpaceBetween>
  );
}

/** Closed while none of them filters: the head of the list stays over it and is to be small. */
function MoreFilters(
  props: ServersFiltersProps & { readonly ids: string; readonly onIds: (ids: string) => void },
): ReactNode {
  const { filter, onChange, ids, onIds } = props;
  const { t } = useI18n();
  const groups = useGroups();
  const { replicationStates, applicationIDs, waveIDs, sourceServerIDs } = filter;
  const isUsed = [replicationStates, applicationIDs, waveIDs, sourceServerIDs].some(
    ({ length }) => length > 0,
  );
  return (
    <ExpandableSection headerText={t('servers.filter.more')} defaultExpanded={isUsed}>
      <div className="many-filters">
        <ManyOf
          label={t('servers.filter.replication')}
          options={DATA_REPLICATION_STATES.map((value) => ({ value, label: t(`replication.${value}`) }))}
          chosen={replicationStates}
          onChoose={(chosen) => onChange({ ...filter, replicationStates: chosen })}
        />
        <ManyOf
          label={t('servers.filter.application')}
          options={groups.applications}
          chosen={applicationIDs}
          onChoose={(chosen) => onChange({ ...filter, applicationIDs: chosen })}
        />
        <ManyOf
          label={t('servers.filter.wave')}
          options={groups.waves}
          chosen={waveIDs}
          onChoose={(chosen) => onChange({ ...filter, waveIDs: chosen })}
        />
        <IdsFilter
          label={t('servers.filter.ids')}
          text={ids}
          parse={parseIds}
          wrongText={(value) => t('servers.filter.badId', { value })}
          onText={onIds}
          onIds={(chosen) => onChange({ ...filter, sourceServerIDs: chosen })}
        />
      </div>
    </ExpandableSection>
  );
}

interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

function ManyOf<Value extends string>(props: {
  readonly label: string;
  readonly options: readonly Option<Value>[];
  readonly chosen: readonly Value[];
  readonly onChoose: (chosen: readonly Value[]) => void;
}): ReactNode {
  const { label, options, chosen, onChoose } = props;
  const { t } = useI18n();
  return (
    <FormField label={label}>
      <Multiselect
        filteringType="auto"
        options={options}
        empty={t('common.none')}
        selectedOptions={options.filter(({ value }) => chosen.includes(value))}
        onChange={({ detail }) => {
          const values = detail.selectedOptions.map(({ value }) => value);
          onChoose(options.map(({ value }) => value).filter((value) => values.includes(value)));
        }}
        tokenLimit={1}
      />
    </FormField>
  );
}

/** None for whoever may not see them, and until they are known. */
function useGroups() {
  const { mgn } = useConsole();
  const applications = useLive({
    key: 'applications to filter by',
    on: ['ApplicationChanged'],
    gapMs: GROUPS_GAP_MS,
    load: () => listAllApplications(mgn, { isArchived: false }),
  });
  const waves = useLive({
    key: 'waves to filter by',
    on: ['WaveChanged'],
    gapMs: GROUPS_GAP_MS,
    load: () => listAllWaves(mgn, { isArchived: false }),
  });
  return {
    applications: (applications.value ?? []).map(({ applicationID = '', name = applicationID }) => ({
      value: applicationID,
      label: name,
    })),
    waves: (waves.value ?? []).map(({ waveID = '', name = waveID }) => ({ value: waveID, label: name })),
  };
}
