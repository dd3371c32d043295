/** Phases of a launched machine in colour and words. */
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

const PHASE = {
  CONVERTING: 'in-progress',
  CONVERTED: 'in-progress',
  STARTING: 'in-progress',
  RUNNING: 'success',
  STOPPED: 'stopped',
  FAILED: 'error',
  TERMINATED: 'stopped',
} as const satisfies Record<Landfall.LaunchedMachinePhase, StatusIndicatorProps.Type>;

export function MachineStatus({ phase }: { readonly phase: Landfall.LaunchedMachinePhase }): ReactNode {
  const { t } = useI18n();
  return <StatusIndicator type={PHASE[phase]}>{t(`machine.phase.${phase}`)}</StatusIndicator>;
}
