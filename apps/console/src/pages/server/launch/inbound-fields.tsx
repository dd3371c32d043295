/** Which TCP ports of a machine are let in. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { Choice } from '../../../widgets/choice.tsx';
import { parsePorts } from './ports.ts';

const TRAFFIC = ['LISTED_PORTS', 'ALL'] as const satisfies readonly Landfall.InboundTraffic[];

export interface InboundFieldsProps {
  /** As typed. */
  readonly ports: string;
  readonly traffic: Landfall.InboundTraffic;
  readonly onPorts: (ports: string) => void;
  readonly onTraffic: (traffic: Landfall.InboundTraffic) => void;
}

export function InboundFields({ ports, traffic, onPorts, onTraffic }: InboundFieldsProps): ReactNode {
  const { t } = useI18n();
  return (
    <>
      <FormField
        label={t('launch.template.ports')}
        errorText={parsePorts(ports) === undefined ? t('launch.template.portsWrong') : undefined}
      >
        <Input value={ports} onChange={({ detail }) => onPorts(detail.value)} />
      </FormField>
      <Choice
        label={t('launch.template.traffic')}
        values={TRAFFIC}
        chosen={traffic}
        textOf={(value) => t(`launch.template.traffic.${value}`)}
        onChoose={onTraffic}
      />
    </>
  );
}
