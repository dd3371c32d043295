/** What the tripwire has noticed, and the way to the last point before it. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';

export interface SuspicionsProps {
  readonly sourceServerID: string;
  readonly suspicions: readonly Landfall.Suspicion[];
  readonly onGo: (timeMs: number) => void;
}

export function Suspicions({ sourceServerID, suspicions, onGo }: SuspicionsProps): ReactNode {
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const open = suspicions.filter(({ acknowledgedDateTime }) => acknowledgedDateTime === undefined);
  const acknowledge = useChange({ work: () => landfall('AcknowledgeTripwire', { sourceServerID }) });
  return open.map(({ beganDateTime, convertedBytes }) => (
    <Alert
      key={beganDateTime}
      type="error"
      header={t('timeline.legend.tripwire')}
      action={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={() => onGo(Date.parse(beganDateTime) - 1)}>{t('timeline.suspicion.go')}</Button>
          <Button loading={acknowledge.isBusy} onClick={acknowledge.run}>
            {t('timeline.suspicion.acknowledge')}
          </Button>
        </SpaceBetween>
      }
    >
      {t('timeline.suspicion', {
        time: formats.instant(beganDateTime),
        bytes: formats.bytes(convertedBytes),
      })}
    </Alert>
  ));
}
