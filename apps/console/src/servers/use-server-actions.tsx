/** The menu of actions for some servers, the question before each, and what became of it. */
import Alert from '@cloudscape-design/components/alert';
import ButtonDropdown, { type ButtonDropdownProps } from '@cloudscape-design/components/button-dropdown';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { failureOf } from '../api/failure.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole } from '../shell/console-context.tsx';
import { useFlashes } from '../shell/flashes.tsx';
import { ConfirmDialog } from '../widgets/confirm-dialog.tsx';
import { ReplacedMachines } from './replaced-machines.tsx';
import {
  ACTIONS,
  actionKey,
  consequenceKey,
  isFinalFor,
  replacementBy,
  runAction,
  SERVER_ACTIONS,
  type ServerActionGroup,
  type ServerActionName,
} from './server-actions.ts';
import { serverName } from './server-name.ts';

const GROUPS: readonly ServerActionGroup[] = ['launch', 'replication', 'end'];
const NAMES_SHOWN_MAX = 8;

export interface ServerActions {
  /** Asks, then does it. */
  readonly ask: (name: ServerActionName) => void;
  readonly menu: ReactNode;
  readonly dialog: ReactNode;
}

export function useServerActions(servers: readonly Mgn.SourceServer[], onDone?: () => void): ServerActions {
  const [asked, setAsked] = useState<ServerActionName>();
  const dialog =
    asked === undefined ? null : (
      <ActionDialog name={asked} servers={servers} onEnd={() => setAsked(undefined)} onDone={onDone} />
    );
  return { ask: setAsked, menu: <ActionMenu servers={servers} onAsk={setAsked} />, dialog };
}

function ActionMenu(props: {
  readonly servers: readonly Mgn.SourceServer[];
  readonly onAsk: (name: ServerActionName) => void;
}): ReactNode {
  const { servers, onAsk } = props;
  const { t } = useI18n();
  const itemOf = (name: ServerActionName): ButtonDropdownProps.Item => {
    const isPossible = servers.some(ACTIONS[name].isPossible);
    return {
      id: name,
      text: t(actionKey(name)),
      disabled: !isPossible,
      ...(isPossible ? {} : { disabledReason: t('servers.action.notNow') }),
    };
  };
  const items = GROUPS.map((group) => ({
    id: group,
    text: t(`servers.action.group.${group}`),
    items: SERVER_ACTIONS.filter((name) => ACTIONS[name].group === group).map(itemOf),
  }));
  const choose = (id: string) => {
    const name = SERVER_ACTIONS.find((one) => one === id);
    if (name !== undefined) onAsk(name);
  };
  return (
    <ButtonDropdown
      items={items}
      disabled={servers.length === 0}
      onItemClick={({ detail }) => choose(detail.id)}
      data-testid="server-actions"
    >
      {t('common.actions')}
    </ButtonDropdown>
  );
}

function ActionDialog(props: {
  readonly name: ServerActionName;
  readonly servers: readonly Mgn.SourceServer[];
  readonly onEnd: () => void;
  readonly onDone: (() => void) | undefined;
}): ReactNode {
  const { name, servers, onEnd, onDone } = props;
  const { t } = useI18n();
  const { mgn, queries } = useConsole();
  const { done, failed } = useFlashes();
  const [isBusy, setIsBusy] = useState(false);
  const able = servers.filter(ACTIONS[name].isPossible);
  const action = t(actionKey(name));
  const run = async () => {
    setIsBusy(true);
    try {
      const outcome = await runAction(
        name,
        mgn,
        able.map(({ sourceServerID = '' }) => sourceServerID),
      );
      const [first] = outcome.failed;
      const count = able.length;
      if (first === undefined) done(t('servers.done', { action, count }));
      else
        failed(
          failureOf(first.error),
          t('servers.failedSome', { action, failed: outcome.failed.length, count }),
        );
    } catch (error) {
      failed(failureOf(error), action);
    }
    queries.refreshAll();
    onEnd();
    onDone?.();
  };
  return (
    <ConfirmDialog
      title={t('servers.confirm.title', { action, count: able.length })}
      consequence={t(consequenceKey(name))}
      confirmText={action}
      isFinal={isFinalFor(name, able)}
      isBusy={isBusy}
      onConfirm={() => void run()}
      onCancel={onEnd}
    >
      <NameList servers={able} />
      <ReplacedMachines replacement={replacementBy(name, able)} />
      {able.length < servers.length && (
        <Alert type="info">{t('servers.confirm.skipped', { count: servers.length - able.length })}</Alert>
      )}
    </ConfirmDialog>
  );
}

function NameList({ servers }: { readonly servers: readonly Mgn.SourceServer[] }): ReactNode {
  const { t } = useI18n();
  const more = servers.length - NAMES_SHOWN_MAX;
  return (
    <ul>
      {servers.slice(0, NAMES_SHOWN_MAX).map((server) => (
        <li key={server.sourceServerID}>
          <strong>{serverName(server)}</strong> ({server.sourceServerID})
        </li>
      ))}
      {more > 0 && <li>{t('common.andMore', { count: more })}</li>}
    </ul>
  );
}
