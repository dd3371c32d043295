/** English, one file for each area of the console. A key is `area.name`. */

import { accessMessages } from './access.ts';
import { actionMessages } from './actions.ts';
import { addServerMessages } from './add-server.ts';
import { auditMessages } from './audit.ts';
import { commonMessages } from './common.ts';
import { dashboardMessages } from './dashboard.ts';
import { groupMessages } from './groups.ts';
import { helpMessages } from './help.ts';
import { inventoryMessages } from './inventory.ts';
import { jobMessages } from './jobs.ts';
import { launchMessages } from './launch.ts';
import { machineMessages } from './machines.ts';
import { preflightMessages } from './preflight.ts';
import { serverMessages } from './server.ts';
import { serversMessages } from './servers.ts';
import { sessionMessages } from './session.ts';
import { settingsMessages } from './settings.ts';
import { shellMessages } from './shell.ts';
import { stateMessages } from './states.ts';
import { templateMessages } from './templates.ts';
import { timelineMessages } from './timeline.ts';
import { webhookMessages } from './webhooks.ts';

export const EN = {
  ...commonMessages,
  ...sessionMessages,
  ...shellMessages,
  ...stateMessages,
  ...serversMessages,
  ...actionMessages,
  ...addServerMessages,
  ...dashboardMessages,
  ...helpMessages,
  ...launchMessages,
  ...preflightMessages,
  ...serverMessages,
  ...timelineMessages,
  ...groupMessages,
  ...jobMessages,
  ...machineMessages,
  ...accessMessages,
  ...auditMessages,
  ...inventoryMessages,
  ...settingsMessages,
  ...templateMessages,
  ...webhookMessages,
} as const;
