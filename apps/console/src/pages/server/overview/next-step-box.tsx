/** The one thing to do next, why, and the button that does it. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { type NextStep, nextStep, nextStepKey } from '../../../servers/next-step.ts';
import { ACTIONS, actionKey, type ServerActionName } from '../../../servers/server-actions.ts';
import { useServerActions } from '../../../servers/use-server-actions.tsx';
import { useNavigation } from '../../../shell/navigation.tsx';
import { hrefOf } from '../../../shell/route.ts';
import type { ServerTabProps } from '../server-page.tsx';

const ACTION_OF: Partial<Record<NextStep, ServerActionName>> = {
  resume: 'resume',
  startReplication: 'start',
  test: 'test',
  finishTest: 'markReady',
  cutover: 'cutover',
  finalize: 'finalize',
  archive: 'archive',
};

export function NextStepBox({ server }: ServerTabProps): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  const actions = useServerActions([server]);
  const step = nextStep(server);
  const name = ACTION_OF[step];
  return (
    <Container
      header={
        <Header variant="h2" description={t('server.next.title')}>
          {t(nextStepKey(step))}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Box>{t(`server.next.${step}`)}</Box>
        {name !== undefined && (
          <Button
            variant="primary"
            disabled={!ACTIONS[name].isPossible(server)}
            onClick={() => actions.ask(name)}
            data-testid="next-step"
          >
            {t(actionKey(name))}
          </Button>
        )}
        {(step === 'install' || step === 'reinstall') && (
          <Button href={hrefOf('/servers/add')} onFollow={follow}>
            {t('shell.addServer')}
          </Button>
        )}
        {actions.dialog}
      </SpaceBetween>
    </Container>
  );
}
