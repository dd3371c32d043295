/** What the machine wrote on its serial console, the newest at the end. */
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Toggle from '@cloudscape-design/components/toggle';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { plainConsoleText } from '../../machines/console-text.ts';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { useLookAgain } from '../../widgets/use-look-again.ts';
import { hasConsole, isStill, type MachineProps } from './machine-life.ts';

const LOOK_EVERY_MS = 5000;
const TAIL_BYTES = 64 * 1024;

export function ConsoleBox({ machine }: MachineProps): ReactNode {
  const { t } = useI18n();
  const [isLive, setIsLive] = useState(true);
  const isThere = hasConsole(machine);
  const follow = (
    <Toggle checked={isLive} disabled={!isThere} onChange={({ detail }) => setIsLive(detail.checked)}>
      {t('machine.follow')}
    </Toggle>
  );
  return (
    <Container
      header={
        <Header variant="h2" description={t('machine.console.text')} actions={follow}>
          {t('machine.console.title')}
        </Header>
      }
    >
      {isThere ? <ConsoleText machine={machine} isLive={isLive} /> : <Box>{t('machine.console.none')}</Box>}
    </Container>
  );
}

function ConsoleText({ machine, isLive }: MachineProps & { readonly isLive: boolean }): ReactNode {
  const { landfall, queries } = useConsole();
  const { machineID } = machine;
  const key = `console ${machineID}`;
  const answer = useLive<Landfall.GetConsoleOutputResponse>({
    key,
    on: [],
    load: () => landfall('GetConsoleOutput', { machineID, tailBytes: TAIL_BYTES }),
  });
  useLookAgain(key, LOOK_EVERY_MS, isLive && !isStill(machine));
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(key)}>
      {({ text }) => <Terminal text={plainConsoleText(text)} />}
    </LiveState>
  );
}

/** It stays at its end as long as its reader has not gone up. */
function Terminal({ text }: { readonly text: string }): ReactNode {
  const { t } = useI18n();
  const area = useRef<HTMLTextAreaElement>(null);
  const isAtEnd = useRef(true);
  // Whatever was drawn: a new text has moved the end.
  useLayoutEffect(() => {
    if (area.current !== null && isAtEnd.current) area.current.scrollTop = area.current.scrollHeight;
  });
  if (text === '') return <Box>{t('machine.console.empty')}</Box>;
  return (
    <textarea
      ref={area}
      className="machine-console"
      aria-label={t('machine.console.title')}
      readOnly
      spellCheck={false}
      value={text}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 4;
      }}
    />
  );
}
