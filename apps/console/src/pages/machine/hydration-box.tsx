/** How far the machine's own disks are filled in, and when it will stand on its own feet. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useEffect, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { FillDialog } from './fill-dialog.tsx';
import { hydratedShare, type PaceSample, paceOf, withSample } from './hydration-pace.ts';
import { canFillIn, type MachineProps } from './machine-life.ts';

export function HydrationBox({ machine }: MachineProps): ReactNode {
  const { t, formats } = useI18n();
  const { hydration } = machine;
  const { state, doneBytes, totalBytes } = hydration;
  const share = hydratedShare(hydration);
  return (
    <Container
      fitHeight
      header={
        <Header
          variant="h2"
          description={t('machine.hydration.text')}
          actions={canFillIn(machine) && <FillButton machine={machine} />}
        >
          {t('machine.hydration.title')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {share !== undefined && state !== 'NOT_STARTED' && (
          <ProgressBar
            value={Math.floor(share * 1000) / 10}
            status={state === 'COMPLETE' ? 'success' : state === 'FAILED' ? 'error' : 'in-progress'}
            label={t('machine.hydration.title')}
            additionalInfo={t('machine.hydration.done', {
              done: formats.bytes(doneBytes),
              total: formats.bytes(totalBytes),
            })}
            resultText={t(`machine.hydration.${state}`)}
          />
        )}
        {state === 'FAILED' && <Alert type="error">{t('machine.hydration.failedText')}</Alert>}
        {state === 'NOT_STARTED' && <Box>{t('machine.hydration.notStartedText')}</Box>}
        {state === 'COMPLETE' && <Box>{t('machine.hydration.completeText')}</Box>}
        {state === 'RUNNING' && <PaceFacts hydration={hydration} />}
      </SpaceBetween>
    </Container>
  );
}

function FillButton({ machine }: MachineProps): ReactNode {
  const { t } = useI18n();
  const [isAsked, setIsAsked] = useState(false);
  const isRunning = machine.hydration.state === 'RUNNING';
  return (
    <>
      <Button onClick={() => setIsAsked(true)}>
        {t(isRunning ? 'machine.hydration.changeLimit' : 'machine.hydration.begin')}
      </Button>
      {isAsked && <FillDialog machine={machine} onEnd={() => setIsAsked(false)} />}
    </>
  );
}

function PaceFacts({ hydration }: { readonly hydration: Landfall.Hydration }): ReactNode {
  const { doneBytes, totalBytes, bytesPerSecondMax } = hydration;
  const { t, formats } = useI18n();
  const { clock } = useConsole();
  const [samples, setSamples] = useState<readonly PaceSample[]>([]);
  useEffect(() => {
    setSamples((all) => withSample(all, { atMs: clock.nowMs(), doneBytes }));
  }, [clock, doneBytes]);
  const pace = paceOf(samples, totalBytes);
  return (
    <KeyValuePairs
      columns={3}
      items={[
        {
          label: t('machine.hydration.rate'),
          value: pace === undefined ? t('machine.hydration.measuring') : formats.rate(pace.bytesPerSecond),
        },
        {
          label: t('machine.hydration.left'),
          value: pace === undefined ? t('machine.hydration.measuring') : formats.duration(pace.remainingMs),
        },
        {
          label: t('machine.hydration.limit'),
          value: bytesPerSecondMax === undefined ? t('common.none') : formats.rate(bytesPerSecondMax),
        },
      ]}
    />
  );
}
