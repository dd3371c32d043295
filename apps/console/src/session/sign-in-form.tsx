/** The two fields, and what is said when they do not fit. Used on the page and over an expired one. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FormEvent, type ReactNode, useState } from 'react';
import { type ApiFailure, failureOf } from '../api/failure.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole } from '../shell/console-context.tsx';
import { FailureText } from '../widgets/failure-text.tsx';

export interface SignInFormProps {
  /** Of whose session ended. */
  readonly keyId?: string;
  readonly extraActions?: ReactNode;
}

export function SignInForm({ keyId: knownKeyId = '', extraActions }: SignInFormProps): ReactNode {
  const { t } = useI18n();
  const { session } = useConsole();
  const [keyId, setKeyId] = useState(knownKeyId);
  const [secret, setSecret] = useState('');
  const [isAsked, setIsAsked] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsAsked(true);
    if (keyId.trim() === '' || secret === '') return;
    setIsBusy(true);
    setFailure(undefined);
    try {
      await session.signIn(keyId.trim(), secret.trim());
    } catch (error) {
      setFailure(failureOf(error));
      setIsBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {extraActions}
            <Button variant="primary" loading={isBusy} loadingText={t('common.loading')} formAction="submit">
              {t('session.signIn')}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="m">
          {!window.isSecureContext && <Alert type="error">{t('session.insecure')}</Alert>}
          {failure !== undefined && <Refusal failure={failure} />}
          <FormField
            label={t('session.keyId')}
            errorText={isAsked && keyId.trim() === '' ? t('session.missingKeyId') : undefined}
          >
            <Input
              name="access-key-id"
              value={keyId}
              onChange={({ detail }) => setKeyId(detail.value)}
              autoComplete="username"
              autoFocus={knownKeyId === ''}
              spellcheck={false}
            />
          </FormField>
          <FormField
            label={t('session.secret')}
            description={t('session.secretNote')}
            errorText={isAsked && secret === '' ? t('session.missingSecret') : undefined}
          >
            <Input
              name="secret-access-key"
              type="password"
              value={secret}
              onChange={({ detail }) => setSecret(detail.value)}
              autoComplete="current-password"
              autoFocus={knownKeyId !== ''}
            />
          </FormField>
          <ExpandableSection headerText={t('session.help')}>{t('session.helpText')}</ExpandableSection>
        </SpaceBetween>
      </Form>
    </form>
  );
}

function Refusal({ failure }: { readonly failure: ApiFailure }): ReactNode {
  const { t } = useI18n();
  const isClock = /Signature (expired|not yet current)/.test(failure.message);
  const isKey = failure.status === 403 && !isClock;
  return (
    <Alert type="error" header={t('session.refused.title')}>
      {isClock && t('session.clock')}
      {isKey && t('session.refused')}
      {!isClock && !isKey && <FailureText failure={failure} />}
    </Alert>
  );
}
