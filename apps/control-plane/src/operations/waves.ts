/** Waves: sets of applications that are moved one after another. */
import { type Handlers, isoDateTime, type Mgn } from '@landfall/api';
import { assert } from '@landfall/runtime';
import { healthOf, type Member, progressOf, replicationStartOf } from '../lifecycle/aggregated-status.ts';
import type { Service } from '../service.ts';
import { type GroupRecord, listGroupsIn, saveGroup } from '../store/groups.ts';
import type { Queries } from '../store/schema.ts';
import { listServersIn } from '../store/source-servers.ts';
import { membersOf } from './applications.ts';
import {
  createGroup,
  groupConflict,
  pageOfGroups,
  quotaExceeded,
  removeGroup,
  requireActiveGroup,
  requireGroup,
  setArchived,
  showGroup,
  updateGroup,
} from './groups.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  | 'CreateWave'
  | 'UpdateWave'
  | 'DeleteWave'
  | 'ListWaves'
  | 'ArchiveWave'
  | 'UnarchiveWave'
  | 'AssociateApplications'
  | 'DisassociateApplications'
>;

const KIND = 'WAVE';
/** Public MGN documentation. */
const APPLICATIONS_MAX = 1000;

export const waveOperations: Operations = {
  CreateWave: async (input, service) =>
    showWave(service, await service.store.transaction((tx) => createGroup(service, tx, KIND, input))),

  UpdateWave: async ({ waveID, name, description }, service) => {
    const changed = await service.store.transaction(async (tx) => {
      const wave = await requireActiveGroup(tx, KIND, waveID);
      return updateGroup(service, tx, wave, { name, description });
    });
    return showWave(service, changed);
  },

  DeleteWave: ({ waveID }, service) => removeGroup(service, KIND, waveID, refuseWithApplications),

  ListWaves: async (input, service) => {
    const { waveIDs: groupIds, isArchived } = input.filters ?? {};
    const page = await pageOfGroups(service, input, { kind: KIND, groupIds, isArchived });
    return { ...page, items: await showWaves(service, page.items) };
  },

  ArchiveWave: async ({ waveID }, service) =>
    showWave(service, await setArchived(service, { kind: KIND, groupId: waveID }, true, refuseUnarchived)),

  UnarchiveWave: async ({ waveID }, service) =>
    showWave(service, await setArchived(service, { kind: KIND, groupId: waveID }, false, refuseUnarchived)),

  AssociateApplications: async ({ waveID, applicationIDs }, service) => {
    await service.store.transaction(async (tx) => {
      await requireActiveGroup(tx, KIND, waveID);
      for (const id of new Set(applicationIDs)) await joinWave(tx, waveID, id);
      const applications = await listGroupsIn(tx, [waveID]);
      if (applications.length > APPLICATIONS_MAX) {
        throw quotaExceeded(KIND, `Applications of ${waveID}`, APPLICATIONS_MAX);
      }
    });
    return {};
  },

  DisassociateApplications: async ({ waveID, applicationIDs }, service) => {
    await service.store.transaction(async (tx) => {
      await requireActiveGroup(tx, KIND, waveID);
      for (const id of new Set(applicationIDs)) await leaveWave(tx, waveID, id);
    });
    return {};
  },
};

async function joinWave(tx: Queries, waveId: string, applicationId: string): Promise<void> {
  const application = await requireActiveGroup(tx, 'APPLICATION', applicationId);
  if (application.parentId === waveId) return;
  if (application.parentId !== null) {
    throw groupConflict(application, `it belongs to ${application.parentId}; disassociate it first`);
  }
  await saveGroup(tx, { ...application, parentId: waveId });
}

/** One that belongs to no wave is as it should be. */
async function leaveWave(tx: Queries, waveId: string, applicationId: string): Promise<void> {
  const application = await requireGroup(tx, 'APPLICATION', applicationId);
  if (application.parentId === null) return;
  if (application.parentId !== waveId) {
    throw groupConflict(application, `it belongs to ${application.parentId}, not to ${waveId}`);
  }
  await saveGroup(tx, { ...application, parentId: null });
}

async function refuseWithApplications(tx: Queries, wave: GroupRecord): Promise<void> {
  const [application] = await listGroupsIn(tx, [wave.groupId]);
  if (application === undefined) return;
  throw groupConflict(wave, 'applications belong to it; disassociate them first');
}

async function refuseUnarchived(tx: Queries, wave: GroupRecord): Promise<void> {
  const applications = await listGroupsIn(tx, [wave.groupId]);
  const active = applications.find(({ isArchived }) => !isArchived);
  if (active !== undefined) throw groupConflict(wave, `its application ${active.groupId} is not archived`);
}

async function showWave(service: Service, wave: GroupRecord): Promise<Mgn.Wave> {
  const [shown] = await showWaves(service, [wave]);
  assert(shown !== undefined, 'every wave is shown');
  return shown;
}

async function showWaves(service: Service, waves: readonly GroupRecord[]): Promise<readonly Mgn.Wave[]> {
  if (waves.length === 0) return [];
  const { db } = service.store;
  const applications = await listGroupsIn(
    db,
    waves.map(({ groupId }) => groupId),
  );
  const ids = applications.map(({ groupId }) => groupId);
  const servers = ids.length === 0 ? [] : await listServersIn(db, ids);
  const byWave = Map.groupBy(applications, ({ parentId }) => parentId);
  const byApplication = Map.groupBy(servers, ({ applicationId }) => applicationId);
  return waves.map((wave) => {
    const own = byWave.get(wave.groupId) ?? [];
    const members = own.flatMap(({ groupId }) => byApplication.get(groupId) ?? []);
    return showWaveWith(service, wave, { applications: own.length, members: membersOf(service, members) });
  });
}

function showWaveWith(
  service: Service,
  wave: GroupRecord,
  { applications, members }: { readonly applications: number; readonly members: readonly Member[] },
): Mgn.Wave {
  const startedAtMs = replicationStartOf(members);
  return {
    ...showGroup(service, wave),
    waveID: wave.groupId,
    waveAggregatedStatus: {
      lastUpdateDateTime: isoDateTime(service.clock.nowMs()),
      replicationStartedDateTime: startedAtMs === undefined ? undefined : isoDateTime(startedAtMs),
      healthStatus: healthOf(members),
      progressStatus: progressOf(members),
      totalApplications: applications,
    },
  };
}
