/** Begins to fill in a machine's own disks, or changes how fast that goes. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { limitText, parseLimit } from '../../servers/fill-limit.ts';
import { useConsole } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import type { MachineProps } from './machine-life.ts';

export interface FillDialogProps extends MachineProps {
  readonly onEnd: () => void;
}

export function FillDialog({ machine, onEnd }: FillDialogProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { machineID, hydration } = machine;
  const [limit, setLimit] = useState(limitText(hydration.bytesPerSecondMax));
  const bytesPerSecondMax = parseLimit(limit);
  const isRunning = hydration.state === 'RUNNING';
  const verb = t(isRunning ? 'machine.hydration.changeLimit' : 'machine.hydration.begin');
  const fill = useChange({
    work: () => landfall('HydrateMachine', { machineID, bytesPerSecondMax }),
    says: () =>
      isRunning
        ? t('machine.hydration.limitChanged', { machine: machineID })
        : t('machine.hydration.begun', { machine: machineID }),
    title: verb,
    onEnd,
  });
  return (
    <ConfirmDialog
      title={verb}
      consequence={t('machine.hydration.consequence')}
      confirmText={verb}
      isFinal={false}
      isBusy={fill.isBusy}
      isDisabled={bytesPerSecondMax === undefined}
      onConfirm={fill.run}
      onCancel={onEnd}
    >
      <FormField
        label={t('fill.limit')}
        constraintText={t('fill.limitNote')}
        errorText={bytesPerSecondMax === undefined ? t('fill.limitWrong') : undefined}
      >
        <Input value={limit} inputMode="decimal" onChange={({ detail }) => setLimit(detail.value)} />
      </FormField>
    </ConfirmDialog>
  );
}
