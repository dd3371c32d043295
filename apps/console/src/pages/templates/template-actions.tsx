/** What runs in machines after their launch: the actions of a launch configuration template. */
import Button from '@cloudscape-design/components/button';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { NewActionDialog } from './new-action-dialog.tsx';

type Action = Mgn.TemplateActionDocument;

const SECOND_MS = 1000;
/** As many as a template can have: the next order is counted from them all. */
const ACTIONS_MAX = 100;

export function TemplateActions({ templateId }: { readonly templateId: string }): ReactNode {
  const { t, formats } = useI18n();
  const { mgn } = useConsole();
  const [isAdding, setIsAdding] = useState(false);
  const [removing, setRemoving] = useState<Action>();
  return (
    <>
      <PagedTable<Action>
        title={t('templates.actions')}
        description={t('templates.actions.text')}
        listing={`actions of ${templateId}`}
        on={['TemplateChanged']}
        about={templateId}
        pageSize={ACTIONS_MAX}
        load={(page) => mgn('ListTemplateActions', { launchConfigurationTemplateID: templateId, ...page })}
        trackBy="actionID"
        empty={<EmptyList title={t('templates.actions.empty')} text={t('templates.actions.emptyText')} />}
        actions={<Button onClick={() => setIsAdding(true)}>{t('templates.actions.add')}</Button>}
        columns={[
          {
            id: 'order',
            header: t('templates.actions.order'),
            cell: ({ order }) => (order === undefined ? '' : String(order)),
          },
          { id: 'name', header: t('templates.actions.name'), isRowHeader: true, cell: nameOf },
          {
            id: 'document',
            header: t('templates.actions.document'),
            cell: ({ documentIdentifier }) => documentIdentifier,
          },
          {
            id: 'timeout',
            header: t('templates.actions.timeout'),
            cell: ({ timeoutSeconds: seconds }) =>
              formats.duration(seconds === undefined ? undefined : seconds * SECOND_MS),
          },
          {
            id: 'must',
            header: t('templates.actions.must'),
            cell: ({ mustSucceedForCutover: must }) => t(must === true ? 'common.yes' : 'common.no'),
          },
          {
            id: 'active',
            header: t('templates.actions.active'),
            cell: ({ active }) => t(active === false ? 'common.no' : 'common.yes'),
          },
          {
            id: 'remove',
            header: t('common.actions'),
            cell: (action) => (
              <Button
                variant="inline-link"
                ariaLabel={t('templates.actions.removeOf', { name: nameOf(action) })}
                onClick={() => setRemoving(action)}
              >
                {t('templates.actions.remove')}
              </Button>
            ),
          },
        ]}
      />
      {isAdding && <NewActionDialog templateId={templateId} onEnd={() => setIsAdding(false)} />}
      {removing !== undefined && (
        <RemoveDialog templateId={templateId} action={removing} onEnd={() => setRemoving(undefined)} />
      )}
    </>
  );
}

function RemoveDialog(props: {
  readonly templateId: string;
  readonly action: Action;
  readonly onEnd: () => void;
}): ReactNode {
  const { templateId, action, onEnd } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { actionID = '' } = action;
  const name = nameOf(action);
  const remove = useChange({
    work: () => mgn('RemoveTemplateAction', { launchConfigurationTemplateID: templateId, actionID }),
    says: () => t('templates.actions.removed', { name }),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('templates.actions.removeOf', { name })}
      consequence={t('templates.actions.removeText')}
      confirmText={t('templates.actions.remove')}
      isFinal={false}
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    />
  );
}

function nameOf({ actionName, actionID = '' }: Action): string {
  return actionName ?? actionID;
}
