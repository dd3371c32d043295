/** What applications and waves have in common: both are named, described, archived, brought back, deleted. */
import type { Mgn } from '@landfall/api/types';
import type { MgnCall } from '../api/mgn-client.ts';
import { applicationHref, hrefOf, waveHref } from '../shell/route.ts';

export type GroupKind = 'application' | 'wave';

export interface GroupFields {
  readonly name: string;
  readonly description: string;
}

export interface Group extends GroupFields {
  readonly kind: GroupKind;
  readonly id: string;
  readonly isArchived: boolean;
}

interface GroupCalls {
  readonly listHref: string;
  readonly hrefOf: (id: string) => string;
  /** The id of what was made. */
  readonly create: (mgn: MgnCall, fields: GroupFields) => Promise<string>;
  readonly update: (mgn: MgnCall, id: string, fields: GroupFields) => Promise<unknown>;
  readonly archive: (mgn: MgnCall, id: string) => Promise<unknown>;
  readonly unarchive: (mgn: MgnCall, id: string) => Promise<unknown>;
  readonly remove: (mgn: MgnCall, id: string) => Promise<unknown>;
}

export const GROUPS: Readonly<Record<GroupKind, GroupCalls>> = {
  application: {
    listHref: hrefOf('/applications'),
    hrefOf: applicationHref,
    create: async (mgn, fields) => (await mgn('CreateApplication', trimmed(fields))).applicationID ?? '',
    update: (mgn, applicationID, fields) => mgn('UpdateApplication', { applicationID, ...trimmed(fields) }),
    archive: (mgn, applicationID) => mgn('ArchiveApplication', { applicationID }),
    unarchive: (mgn, applicationID) => mgn('UnarchiveApplication', { applicationID }),
    remove: (mgn, applicationID) => mgn('DeleteApplication', { applicationID }),
  },
  wave: {
    listHref: hrefOf('/waves'),
    hrefOf: waveHref,
    create: async (mgn, fields) => (await mgn('CreateWave', trimmed(fields))).waveID ?? '',
    update: (mgn, waveID, fields) => mgn('UpdateWave', { waveID, ...trimmed(fields) }),
    archive: (mgn, waveID) => mgn('ArchiveWave', { waveID }),
    unarchive: (mgn, waveID) => mgn('UnarchiveWave', { waveID }),
    remove: (mgn, waveID) => mgn('DeleteWave', { waveID }),
  },
};

function trimmed({ name, description }: GroupFields): GroupFields {
  return { name: name.trim(), description: description.trim() };
}

export function applicationGroup(application: Mgn.Application): Group {
  const { applicationID: id = '', name = id, description = '', isArchived = false } = application;
  return { kind: 'application', id, name, description, isArchived };
}

export function waveGroup(wave: Mgn.Wave): Group {
  const { waveID: id = '', name = id, description = '', isArchived = false } = wave;
  return { kind: 'wave', id, name, description, isArchived };
}
