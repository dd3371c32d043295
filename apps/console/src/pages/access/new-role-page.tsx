/** A new role: its name, how long one may be it, and who may become it. */
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
import { FailureAlert, LiveState } from '../../widgets/live-state.tsx';
import { ACCESS_PATH, roleHref } from './access-queries.ts';
import { isIdentityName } from './identity-names.ts';
import { PolicyField } from './policy-field.tsx';
import { accountOfArn, newTrustPolicy, policyTextFault } from './policy-text.ts';

const HOURS_MIN = 1;
const HOURS_MAX = 12;
const HOUR_SECONDS = 3600;

export function NewRolePage(): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  useTitle(t('access.role.create'));
  useSurroundings([
    { text: t('access.title'), href: hrefOf(ACCESS_PATH) },
    { text: t('access.role.create'), href: hrefOf(`${ACCESS_PATH}/new-role`) },
  ]);
  // The policy that anybody of the account passes names the account; a user's ARN holds its number.
  const account = useLive({
    key: 'account',
    on: [],
    load: async () => {
      const { items } = await landfall('ListUsers', { maxResults: 1 });
      return accountOfArn(items[0]?.arn ?? '') ?? '';
    },
  });
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('access.roles.text')}>
          {t('access.role.create')}
        </Header>
      }
    >
      <LiveState answer={account} onRetry={() => queries.refresh('account')}>
        {(accountId) => <RoleForm key={accountId} accountId={accountId} />}
      </LiveState>
    </ContentLayout>
  );
}

function RoleForm({ accountId }: { readonly accountId: string }): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { go, follow } = useNavigation();
  const [name, setName] = useState('');
  const [hours, setHours] = useState(String(HOURS_MIN));
  const [trustPolicy, setTrustPolicy] = useState(() => newTrustPolicy(accountId));
  const roleName = name.trim();
  const isNameRight = isIdentityName(roleName);
  const isTimeRight = /^\d{1,2}$/.test(hours) && Number(hours) >= HOURS_MIN && Number(hours) <= HOURS_MAX;
  const create = useSubmission({
    work: () =>
      landfall('CreateRole', { roleName, trustPolicy, maxSessionSeconds: Number(hours) * HOUR_SECONDS }),
    says: () => t('access.role.created', { name: roleName }),
    onDone: () => go(roleHref(roleName)),
  });
  const isRight = isNameRight && isTimeRight && policyTextFault(trustPolicy) === undefined;
  return (
    <Form
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button href={hrefOf(ACCESS_PATH, { tab: 'roles' })} onFollow={follow}>
            {t('common.cancel')}
          </Button>
          <Button variant="primary" disabled={!isRight} loading={create.isBusy} onClick={create.run}>
            {t('access.role.create')}
          </Button>
        </SpaceBetween>
      }
    >
      <Container>
        <SpaceBetween size="m">
          {create.failure !== undefined && <FailureAlert failure={create.failure} />}
          <FormField
            label={t('common.name')}
            constraintText={t('access.nameNote')}
            errorText={name !== '' && !isNameRight ? t('access.nameWrong') : undefined}
          >
            <Input value={name} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
          </FormField>
          <FormField
            label={t('access.role.sessionHours')}
            errorText={isTimeRight ? undefined : t('access.role.sessionWrong')}
          >
            <Input type="number" value={hours} onChange={({ detail }) => setHours(detail.value)} />
          </FormField>
          <PolicyField
            label={t('access.role.trust')}
            description={t('access.role.trustText')}
            text={trustPolicy}
            onChange={setTrustPolicy}
          />
        </SpaceBetween>
      </Container>
    </Form>
  );
}
