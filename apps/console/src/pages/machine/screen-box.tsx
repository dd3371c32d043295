/** The machine's screen, looked at every few seconds while somebody looks here. */
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Toggle from '@cloudscape-design/components/toggle';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { useLookAgain } from '../../widgets/use-look-again.ts';
import { hasScreen, type MachineProps } from './machine-life.ts';

const LOOK_EVERY_MS = 5000;

export function ScreenBox({ machine }: MachineProps): ReactNode {
  const { t } = useI18n();
  const [isLive, setIsLive] = useState(true);
  const isThere = hasScreen(machine);
  const follow = (
    <Toggle checked={isLive} disabled={!isThere} onChange={({ detail }) => setIsLive(detail.checked)}>
      {t('machine.follow')}
    </Toggle>
  );
  return (
    <Container
      header={
        <Header variant="h2" actions={follow}>
          {t('machine.screen.title')}
        </Header>
      }
    >
      {isThere ? <Screen machine={machine} isLive={isLive} /> : <Box>{t('machine.screen.none')}</Box>}
    </Container>
  );
}

function Screen({ machine, isLive }: MachineProps & { readonly isLive: boolean }): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  const { machineID } = machine;
  const key = `screen ${machineID}`;
  const answer = useLive<Landfall.GetConsoleScreenshotResponse>({
    key,
    on: [],
    load: () => landfall('GetConsoleScreenshot', { machineID }),
  });
  useLookAgain(key, LOOK_EVERY_MS, isLive);
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(key)}>
      {({ pngBase64 }) => (
        <img
          className="machine-screen"
          alt={t('machine.screen.alt', { machine: machineID })}
          src={`data:image/png;base64,${pngBase64}`}
        />
      )}
    </LiveState>
  );
}
