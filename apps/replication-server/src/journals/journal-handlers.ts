/** What the control plane can ask about journals, and of them. */
import type { CommandHandlers, JournalCommands } from '@landfall/channel';
import type { JournalTaskName } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import type { SpaceKeeper } from '../staging/space-keeper.ts';
import type { StagedServer } from '../staging/staged-server.ts';
import type { StagingArea } from '../staging/staging-area.ts';
import type { JournalTasks } from './journal-tasks.ts';

type Handlers = Pick<
  CommandHandlers<'replication-server'>,
  Exclude<keyof JournalCommands, 'previewRetention'>
>;

export function journalHandlers(staging: StagingArea, space: SpaceKeeper, tasks: JournalTasks): Handlers {
  return {
    describeJournal: ({ sourceServerId }) => space.describe(staging.server(sourceServerId)),
    startJournalTask: async ({ sourceServerId, task }) => {
      const server = staging.server(sourceServerId);
      checkHasPoint(server, task);
      return tasks.start(server, task);
    },
    describeJournalTask: async ({ sourceServerId, task }) => {
      const facts = tasks.describe(staging.server(sourceServerId).sourceServerId, task);
      return facts === undefined ? {} : { task: facts };
    },
  };
}

/** Of an incomplete first copy there is nothing to verify yet, and nothing to compact. */
function checkHasPoint({ sourceServerId, group }: StagedServer, task: JournalTaskName): void {
  if (group.lastEpoch > 0) return;
  throw new OperationError(
    'NO_RECOVERY_POINT',
    `${task}: the first copy of ${sourceServerId} is not complete`,
    {
      hint: 'wait until there is a recovery point',
      retryable: true,
    },
  );
}
