/** The post-launch actions of a server or of a template, in their order: added, changed, moved, removed. */
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import { type ReactNode, useState } from 'react';
import { type I18n, useI18n } from '../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../shell/console-context.tsx';
import { useChange } from '../shell/use-change.ts';
import { ConfirmDialog } from '../widgets/confirm-dialog.tsx';
import { EmptyList } from '../widgets/empty-list.tsx';
import { LiveState } from '../widgets/live-state.tsx';
import { ActionDialog } from './action-dialog.tsx';
import { ACTIONS_MAX, type Action, actionName } from './action-draft.ts';
import { type Direction, moveAction } from './action-order.ts';
import { type ActionOwner, listActions, removeAction, reorderAction } from './action-owner.ts';

const SECOND_MS = 1000;

type Column = TableProps.ColumnDefinition<Action>;

export interface ActionListProps {
  readonly owner: ActionOwner;
  readonly title: string;
  readonly text: string;
  /** What adding and removing means for this owner. */
  readonly addText: string;
  readonly removeText: string;
  /** Between what the action is and what can be done with it. */
  readonly columns?: readonly Column[];
}

export function ActionList({
  owner,
  title,
  text,
  addText,
  removeText,
  columns = [],
}: ActionListProps): ReactNode {
  const i18n = useI18n();
  const { t } = i18n;
  const { mgn, queries } = useConsole();
  const [changing, setChanging] = useState<{ readonly action?: Action }>();
  const [removing, setRemoving] = useState<Action>();
  const key = `actions of ${owner.id}`;
  const answer = useLive({
    key,
    on: ['TemplateChanged', 'SourceServerChanged'],
    about: owner.id,
    load: async () => (await listActions(mgn, owner, { maxResults: ACTIONS_MAX })).items ?? [],
  });
  const actions = answer.value ?? [];
  const deeds: Column = {
    id: 'deeds',
    minWidth: 190,
    header: t('common.actions'),
    cell: (action) => (
      <Deeds
        {...{ owner, action, actions }}
        onEdit={() => setChanging({ action })}
        onRemove={() => setRemoving(action)}
      />
    ),
  };
  return (
    <>
      <LiveState answer={answer} onRetry={() => queries.refresh(key)}>
        {(items) => (
          <Table<Action>
            wrapLines
            items={items}
            trackBy="actionID"
            columnDefinitions={[...factColumns(i18n, owner), ...columns, deeds]}
            ariaLabels={{ tableLabel: title }}
            empty={<EmptyList title={t('actions.empty')} text={t('actions.emptyText')} />}
            header={
              <Header
                variant="h2"
                description={text}
                actions={<Button onClick={() => setChanging({})}>{t('actions.add')}</Button>}
              >
                {title}
              </Header>
            }
          />
        )}
      </LiveState>
      {changing !== undefined && (
        <ActionDialog
          {...{ owner, actions, addText }}
          known={changing.action}
          onEnd={() => setChanging(undefined)}
        />
      )}
      {removing !== undefined && (
        <RemoveDialog {...{ owner, removeText }} action={removing} onEnd={() => setRemoving(undefined)} />
      )}
    </>
  );
}

function factColumns({ t, formats }: I18n, { kind }: ActionOwner): readonly Column[] {
  const system: Column = {
    id: 'system',
    header: t('actions.system'),
    cell: ({ operatingSystem }) =>
      t(operatingSystem === undefined ? 'common.all' : systemKey(operatingSystem)),
  };
  return [
    {
      id: 'order',
      header: t('actions.order'),
      cell: ({ order }) => (order === undefined ? '' : String(order)),
    },
    { id: 'name', header: t('actions.name'), isRowHeader: true, cell: actionName },
    {
      id: 'document',
      header: t('actions.document'),
      cell: ({ documentIdentifier, documentVersion: version }) =>
        version === undefined ? documentIdentifier : `${documentIdentifier} ${version}`,
    },
    { id: 'parameters', header: t('actions.parameters'), cell: (action) => parametersText(action) },
    {
      id: 'timeout',
      header: t('actions.timeout'),
      cell: ({ timeoutSeconds: seconds }) =>
        formats.duration(seconds === undefined ? undefined : seconds * SECOND_MS),
    },
    {
      id: 'must',
      header: t('actions.must'),
      cell: ({ mustSucceedForCutover: must }) => t(must === true ? 'common.yes' : 'common.no'),
    },
    ...(kind === 'TEMPLATE' ? [system] : []),
    {
      id: 'active',
      header: t('actions.active'),
      cell: ({ active }) => t(active === false ? 'common.no' : 'common.yes'),
    },
  ];
}

function systemKey(operatingSystem: string) {
  return operatingSystem === 'windows' ? 'actions.system.windows' : 'actions.system.linux';
}

/** Names, not values: secrets are among them. */
function parametersText({ parameters = {}, externalParameters = {} }: Action): string {
  const stored = Object.entries(parameters).map(
    ([name, kept]) => `${name} = ${kept.map(({ parameterName }) => parameterName).join(', ')}`,
  );
  const atLaunch = Object.entries(externalParameters).map(
    ([name, { dynamicPath = '' }]) => `${name} = ${dynamicPath}`,
  );
  return [...stored, ...atLaunch].join('; ');
}

interface DeedsProps {
  readonly owner: ActionOwner;
  readonly action: Action;
  readonly actions: readonly Action[];
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}

function Deeds({ owner, action, actions, onEdit, onRemove }: DeedsProps): ReactNode {
  const { t } = useI18n();
  const name = actionName(action);
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <MoveButton {...{ owner, action, actions }} direction="EARLIER" />
      <MoveButton {...{ owner, action, actions }} direction="LATER" />
      <Button variant="inline-link" ariaLabel={t('actions.editOf', { name })} onClick={onEdit}>
        {t('actions.edit')}
      </Button>
      <Button variant="inline-link" ariaLabel={t('actions.removeOf', { name })} onClick={onRemove}>
        {t('actions.remove')}
      </Button>
    </SpaceBetween>
  );
}

function MoveButton(
  props: Pick<DeedsProps, 'owner' | 'action' | 'actions'> & { readonly direction: Direction },
): ReactNode {
  const { owner, action, actions, direction } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const changes = moveAction(actions, action.actionID, direction);
  const move = useChange({
    work: async () => {
      for (const change of changes) await reorderAction(mgn, owner, change.action, change.order);
    },
  });
  return (
    <Button
      variant="inline-icon"
      iconName={direction === 'EARLIER' ? 'angle-up' : 'angle-down'}
      ariaLabel={t(direction === 'EARLIER' ? 'actions.earlierOf' : 'actions.laterOf', {
        name: actionName(action),
      })}
      disabled={changes.length === 0 || move.isBusy}
      onClick={move.run}
    />
  );
}

function RemoveDialog(props: {
  readonly owner: ActionOwner;
  readonly action: Action;
  readonly removeText: string;
  readonly onEnd: () => void;
}): ReactNode {
  const { owner, action, removeText, onEnd } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const name = actionName(action);
  const remove = useChange({
    work: () => removeAction(mgn, owner, action.actionID ?? ''),
    says: () => t('actions.removed', { name }),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('actions.removeOf', { name })}
      consequence={removeText}
      confirmText={t('actions.remove')}
      isFinal={false}
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    />
  );
}
