/** When the disks of a machine fill in, and how fast. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { parseLimit } from '../../../servers/fill-limit.ts';
import { Choice } from '../../../widgets/choice.tsx';

const STARTS = ['AFTER_LAUNCH', 'AT_FINALIZE'] as const satisfies readonly Landfall.HydrationStart[];

export interface FillFieldsProps {
  readonly start: Landfall.HydrationStart;
  /** As typed. */
  readonly limit: string;
  readonly onStart: (start: Landfall.HydrationStart) => void;
  readonly onLimit: (limit: string) => void;
}

export function FillFields({ start, limit, onStart, onLimit }: FillFieldsProps): ReactNode {
  const { t } = useI18n();
  return (
    <>
      <Choice
        label={t('launch.template.fill')}
        values={STARTS}
        chosen={start}
        textOf={(value) => t(`launch.template.fill.${value}`)}
        onChoose={onStart}
      />
      <FormField
        label={t('fill.limit')}
        constraintText={t('fill.limitNote')}
        errorText={parseLimit(limit) === undefined ? t('fill.limitWrong') : undefined}
      >
        <Input value={limit} inputMode="decimal" onChange={({ detail }) => onLimit(detail.value)} />
      </FormField>
    </>
  );
}
