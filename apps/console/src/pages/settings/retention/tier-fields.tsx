/** One tier: how much of what it keeps, and until when. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { EVERY_UNITS, TIME_UNITS, type TierDraft, type TierFaults } from './retention-draft.ts';

export interface TierFieldsProps {
  readonly tier: TierDraft;
  readonly faults: TierFaults;
  /** From 1, for who cannot see which one it is. */
  readonly number: number;
  readonly onChange: (tier: TierDraft) => void;
  /** Absent: it is the only one. */
  readonly onRemove: (() => void) | undefined;
}

export function TierFields({ tier, faults, number, onChange, onRemove }: TierFieldsProps): ReactNode {
  const { t } = useI18n();
  const errorOf = (fault: TierFaults['every'] | TierFaults['lasts']) =>
    fault === undefined ? undefined : t(`settings.retention.fault.${fault}`);
  return (
    <SpaceBetween direction="horizontal" size="m" alignItems="end">
      {tier.everyUnit !== 'ALL' && (
        <FormField label={t('settings.retention.everyOf', { number })} errorText={errorOf(faults.every)}>
          <Input
            inputMode="decimal"
            value={tier.every}
            onChange={({ detail }) => onChange({ ...tier, every: detail.value })}
          />
        </FormField>
      )}
      <UnitField
        label={t('settings.retention.everyUnitOf', { number })}
        errorText={tier.everyUnit === 'ALL' ? errorOf(faults.every) : undefined}
        units={EVERY_UNITS}
        chosen={tier.everyUnit}
        onChoose={(everyUnit) => onChange({ ...tier, everyUnit })}
      />
      <FormField label={t('settings.retention.lastsOf', { number })} errorText={errorOf(faults.lasts)}>
        <Input
          inputMode="decimal"
          value={tier.lasts}
          onChange={({ detail }) => onChange({ ...tier, lasts: detail.value })}
        />
      </FormField>
      <UnitField
        label={t('settings.retention.lastsUnitOf', { number })}
        units={TIME_UNITS}
        chosen={tier.lastsUnit}
        onChoose={(lastsUnit) => onChange({ ...tier, lastsUnit })}
      />
      {onRemove !== undefined && (
        <Button ariaLabel={t('settings.retention.removeTierOf', { number })} onClick={onRemove}>
          {t('settings.retention.removeTier')}
        </Button>
      )}
    </SpaceBetween>
  );
}

function UnitField<Unit extends (typeof EVERY_UNITS)[number]>(props: {
  readonly label: string;
  readonly errorText?: string | undefined;
  readonly units: readonly Unit[];
  readonly chosen: Unit;
  readonly onChoose: (unit: Unit) => void;
}): ReactNode {
  const { label, errorText, units, chosen, onChoose } = props;
  const { t } = useI18n();
  const options = units.map((value) => ({ value, label: t(`settings.retention.unit.${value}`) }));
  return (
    <FormField label={label} errorText={errorText}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === chosen) ?? null}
        onChange={({ detail }) => {
          const unit = units.find((one) => one === detail.selectedOption.value);
          if (unit !== undefined) onChoose(unit);
        }}
      />
    </FormField>
  );
}
