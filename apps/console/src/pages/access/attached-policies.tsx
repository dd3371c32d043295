/** The policies of a user or role: what is attached, one more, one fewer. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import Table from '@cloudscape-design/components/table';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { policyHref, policyNamesQuery } from './access-queries.ts';
import { type Holder, holderInput } from './identity-names.ts';

export interface AttachedPoliciesProps {
  readonly holder: Holder;
  readonly policies: readonly string[];
}

export function AttachedPolicies({ holder, policies }: AttachedPoliciesProps): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  const [isAttaching, setIsAttaching] = useState(false);
  const [detaching, setDetaching] = useState<string>();
  return (
    <>
      <Table<{ readonly policyName: string }>
        header={
          <Header
            variant="h2"
            description={t('access.attached.text')}
            actions={<Button onClick={() => setIsAttaching(true)}>{t('access.attach')}</Button>}
          >
            {t('access.policies')}
          </Header>
        }
        items={policies.map((policyName) => ({ policyName }))}
        trackBy="policyName"
        ariaLabels={{ tableLabel: t('access.policies') }}
        empty={<EmptyList title={t('access.attached.empty')} text={t('access.attached.emptyText')} />}
        columnDefinitions={[
          {
            id: 'name',
            header: t('common.name'),
            isRowHeader: true,
            cell: ({ policyName }) => (
              <Link href={policyHref(policyName)} onFollow={follow}>
                {policyName}
              </Link>
            ),
          },
          {
            id: 'detach',
            header: t('common.actions'),
            cell: ({ policyName }) => (
              <Button
                variant="inline-link"
                ariaLabel={t('access.detachOf', { policy: policyName, name: holder.name })}
                onClick={() => setDetaching(policyName)}
              >
                {t('access.detach')}
              </Button>
            ),
          },
        ]}
      />
      {isAttaching && (
        <AttachDialog holder={holder} policies={policies} onEnd={() => setIsAttaching(false)} />
      )}
      {detaching !== undefined && (
        <DetachDialog holder={holder} policyName={detaching} onEnd={() => setDetaching(undefined)} />
      )}
    </>
  );
}

function AttachDialog(props: AttachedPoliciesProps & { readonly onEnd: () => void }): ReactNode {
  const { holder, policies, onEnd } = props;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const names = useLive(policyNamesQuery(landfall));
  const [chosen, setChosen] = useState<string>();
  const attach = useChange({
    work: async () => {
      if (chosen !== undefined)
        await landfall('AttachPolicy', { policyName: chosen, ...holderInput(holder) });
    },
    says: () => t('access.attached.done', { policy: chosen ?? '', name: holder.name }),
    onEnd,
  });
  const options = (names.value ?? [])
    .filter((name) => !policies.includes(name))
    .map((value) => ({ value, label: value }));
  return (
    <ConfirmDialog
      title={t('access.attachTo', { name: holder.name })}
      consequence={t('access.attachText')}
      confirmText={t('access.attach')}
      isFinal={false}
      isBusy={attach.isBusy}
      isDisabled={chosen === undefined}
      onConfirm={attach.run}
      onCancel={onEnd}
    >
      <FormField label={t('access.policy')} errorText={names.failure?.message}>
        <Select
          filteringType="auto"
          options={options}
          statusType={names.value === undefined && names.isLoading ? 'loading' : 'finished'}
          selectedOption={options.find(({ value }) => value === chosen) ?? null}
          onChange={({ detail }) => setChosen(detail.selectedOption.value)}
        />
      </FormField>
    </ConfirmDialog>
  );
}

function DetachDialog(props: {
  readonly holder: Holder;
  readonly policyName: string;
  readonly onEnd: () => void;
}): ReactNode {
  const { holder, policyName, onEnd } = props;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const detach = useChange({
    work: () => landfall('DetachPolicy', { policyName, ...holderInput(holder) }),
    says: () => t('access.detached', { policy: policyName, name: holder.name }),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('access.detachOf', { policy: policyName, name: holder.name })}
      consequence={t('access.detachText')}
      confirmText={t('access.detach')}
      isFinal={false}
      isBusy={detach.isBusy}
      onConfirm={detach.run}
      onCancel={onEnd}
    />
  );
}
