/** A new policy. A name that is taken is refused here: the service would replace the policy that has it. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { useSubmission } from '../../shell/use-submission.ts';
import { FailureAlert, SlowNote } from '../../widgets/live-state.tsx';
import { ACCESS_PATH, policyHref, policyNamesQuery } from './access-queries.ts';
import { isIdentityName } from './identity-names.ts';
import { PolicyField } from './policy-field.tsx';
import { NEW_POLICY, policyTextFault } from './policy-text.ts';

export function NewPolicyPage(): ReactNode {
  const { t } = useI18n();
  useTitle(t('access.policy.create'));
  useSurroundings([
    { text: t('access.title'), href: hrefOf(ACCESS_PATH, { tab: 'policies' }) },
    { text: t('access.policy.create'), href: hrefOf(`${ACCESS_PATH}/new-policy`) },
  ]);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('access.policies.text')}>
          {t('access.policy.create')}
        </Header>
      }
    >
      <NewPolicyForm />
    </ContentLayout>
  );
}

function NewPolicyForm(): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { go, follow } = useNavigation();
  const names = useLive(policyNamesQuery(landfall));
  const [name, setName] = useState('');
  const [document, setDocument] = useState(NEW_POLICY);
  const policyName = name.trim();
  const isTaken = names.value?.includes(policyName) === true;
  const isNameRight = isIdentityName(policyName) && !isTaken;
  const create = useSubmission({
    work: () => landfall('PutPolicy', { policyName, document, expectedRevision: 'none' }),
    says: () => t('access.policy.created', { name: policyName }),
    onDone: () => go(policyHref(policyName)),
  });
  const nameFault = t(isTaken ? 'access.policy.taken' : 'access.nameWrong');
  return (
    <Form
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button href={hrefOf(ACCESS_PATH, { tab: 'policies' })} onFollow={follow}>
            {t('common.cancel')}
          </Button>
          <Button
            variant="primary"
            disabled={!isNameRight || policyTextFault(document) !== undefined}
            loading={create.isBusy}
            onClick={create.run}
          >
            {t('access.policy.create')}
          </Button>
        </SpaceBetween>
      }
    >
      <Container>
        <SpaceBetween size="m">
          {names.isSlow && <SlowNote />}
          {names.failure !== undefined && <FailureAlert failure={names.failure} />}
          <FormField
            label={t('common.name')}
            constraintText={t('access.nameNote')}
            errorText={name === '' || isNameRight ? undefined : nameFault}
          >
            <Input value={name} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
          </FormField>
          {create.failure !== undefined && <FailureAlert failure={create.failure} />}
          <PolicyField
            label={t('access.policy')}
            description={t('access.policy.text')}
            text={document}
            onChange={setDocument}
          />
        </SpaceBetween>
      </Container>
    </Form>
  );
}
