/** Who is not signed in sees the sign-in page; whose session ended signs in again over the page as it was. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useSyncExternalStore } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole, useTitle } from '../shell/console-context.tsx';
import { LanguageChoice } from '../shell/language-choice.tsx';
import type { SessionState } from './session.ts';
import { SignInForm } from './sign-in-form.tsx';

export function useSession(): SessionState {
  const { session } = useConsole();
  return useSyncExternalStore(session.subscribe, () => session.state);
}

export function SessionGate({ children }: { readonly children: ReactNode }): ReactNode {
  const state = useSession();
  if (state.kind === 'SIGNED_OUT') return <SignInPage />;
  return (
    <>
      {children}
      {state.kind === 'EXPIRED' && <SignInAgain keyId={state.keyId} />}
    </>
  );
}

function SignInPage(): ReactNode {
  const { t } = useI18n();
  const { facts } = useConsole();
  useTitle(t('session.signIn'));
  return (
    <main className="sign-in">
      <SpaceBetween size="l">
        <Container header={<Header variant="h1">{t('session.title')}</Header>}>
          <SpaceBetween size="m">
            <Box color="text-body-secondary">{t('session.intro')}</Box>
            <SignInForm />
          </SpaceBetween>
        </Container>
        <LanguageChoice />
        <Box textAlign="center" color="text-body-secondary" fontSize="body-s">
          Landfall {facts.version} · {facts.region}
        </Box>
      </SpaceBetween>
    </main>
  );
}

function SignInAgain({ keyId }: { readonly keyId: string }): ReactNode {
  const { t } = useI18n();
  const { session } = useConsole();
  const other = (
    <Button formAction="none" onClick={() => session.signOut()}>
      {t('session.other')}
    </Button>
  );
  return (
    // Nothing but signing in closes it.
    <Modal
      visible
      header={t('session.expired.title')}
      closeAriaLabel={t('common.close')}
      onDismiss={() => undefined}
    >
      <SpaceBetween size="m">
        <Box>{t('session.expired.text')}</Box>
        <SignInForm keyId={keyId} extraActions={other} />
      </SpaceBetween>
    </Modal>
  );
}
