/** Every operation of both services; one that is missing does not compile. */
import type { Handlers } from '@landfall/api';
import type { Service } from '../service.ts';
import { readSetting, writeSetting } from '../store/settings.ts';
import { applicationOperations } from './applications.ts';
import { auditOperations } from './audit-events.ts';
import { bootProofOperations } from './boot-proofs.ts';
import { configurationOperations } from './configurations.ts';
import { connectorOperations } from './connectors.ts';
import { describeServiceOperations } from './describe-service.ts';
import { diskSelectionOperations } from './disk-selection.ts';
import { enrolmentTokenOperations } from './enrolment-tokens.ts';
import { eventOperations } from './events.ts';
import { fleetOperations } from './fleet.ts';
import { imageOperations } from './images.ts';
import { inventoryOperations } from './inventory.ts';
import { inventoryFileOperations } from './inventory-files.ts';
import { jobOperations } from './jobs.ts';
import { journalOperations } from './journals.ts';
import { launchTemplateOperations } from './launch-templates.ts';
import { launchedMachineOperations } from './launched-machines.ts';
import { launchOperations, startLaunchOperation } from './launches.ts';
import { lifeCycleOperations } from './life-cycle.ts';
import { machineHydrationOperations } from './machine-hydration.ts';
import { managedAccountOperations } from './managed-accounts.ts';
import { policyOperations } from './policies.ts';
import { postLaunchActionOperations } from './post-launch-actions.ts';
import { preflightOperations } from './preflights.ts';
import { proofOperations } from './proofs.ts';
import { recoveryPointFileOperations } from './recovery-point-files.ts';
import { recoveryPointOperations } from './recovery-points.ts';
import { replicationControlOperations } from './replication-control.ts';
import { replicationLimitOperations } from './replication-limits.ts';
import { replicationMetricOperations } from './replication-metrics.ts';
import { replicationTypeOperations } from './replication-type.ts';
import { retentionOperations } from './retention.ts';
import { roleOperations } from './roles.ts';
import { scriptOperations } from './scripts.ts';
import { sourceServerOperations } from './source-servers.ts';
import { tagOperations } from './tags.ts';
import { templateOperations } from './templates.ts';
import { tripwireOperations } from './tripwire.ts';
import { userOperations } from './users.ts';
import { vcenterClientOperations } from './vcenter-clients.ts';
import { waveOperations } from './waves.ts';
import { webhookOperations } from './webhooks.ts';

export const mgnHandlers: Handlers<'mgn', Service> = {
  InitializeService: async (_input, { store }) => {
    await writeSetting(store.db, 'initialized', 'true');
    return {};
  },
  ...applicationOperations,
  ...configurationOperations,
  ...connectorOperations,
  ...inventoryOperations,
  ...jobOperations,
  ...launchOperations,
  ...lifeCycleOperations,
  ...managedAccountOperations,
  ...postLaunchActionOperations,
  ...replicationControlOperations,
  ...replicationTypeOperations,
  ...sourceServerOperations,
  ...tagOperations,
  ...templateOperations,
  ...vcenterClientOperations,
  ...waveOperations,
};

export const landfallHandlers: Handlers<'landfall', Service> = {
  ...bootProofOperations,
  ...describeServiceOperations,
  ...diskSelectionOperations,
  ...enrolmentTokenOperations,
  ...eventOperations,
  ...fleetOperations,
  ...imageOperations,
  ...inventoryFileOperations,
  ...journalOperations,
  ...launchedMachineOperations,
  ...machineHydrationOperations,
  ...launchTemplateOperations,
  ...preflightOperations,
  ...proofOperations,
  ...recoveryPointFileOperations,
  ...recoveryPointOperations,
  ...retentionOperations,
  ...scriptOperations,
  ...tripwireOperations,
  ...replicationLimitOperations,
  ...replicationMetricOperations,
  ...startLaunchOperation,
  ...policyOperations,
  ...roleOperations,
  ...userOperations,
  ...auditOperations,
  ...webhookOperations,
};

export async function isInitialized({ store }: Service): Promise<boolean> {
  return (await readSetting(store.db, 'initialized')) === 'true';
}
