/**
 * Enrolment: from a token and a public key to an identity.
 *
 * E1 Same install and same key is the same program again: it gets a new certificate, its old one stops
 *    working.
 * E2 Same install with another key is a copy of a machine, and is refused while the first one is active.
 * E3 A server that was disconnected, cut over or archived is history: the same install becomes a new source
 *    server.
 * E4 A server that an inventory named and no agent has joined yet is the one that enrols by that name.
 */
import type { Enrolment, EnrolmentRequest, ProgramRole } from '@landfall/channel';
import { OperationError, publicId } from '@landfall/runtime';
import { certificateFingerprint } from '../identity/certificate-authority.ts';
import { type EnrolmentTokenRecord, useToken } from '../identity/enrolment-tokens.ts';
import { verifyProof } from '../identity/proof-of-possession.ts';
import { equipServer } from '../launch/equip-server.ts';
import { type NewServerTemplates, templatesForNewServer } from '../lifecycle/default-settings.ts';
import { newReplication, newServerRecord, withDisks } from '../lifecycle/new-server.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import {
  findInstalled,
  insertProgram,
  type ProgramRecord,
  revokeProgram,
  updateEnrolment,
} from '../store/programs.ts';
import type { Queries } from '../store/schema.ts';
import { findServer, findServerByProvidedId, insertServer, saveServer } from '../store/source-servers.ts';
import { checkDiskCount, chooseReplicationServer } from './assign-replication-server.ts';

const PREFIX_BY_ROLE = {
  agent: 's-',
  'replication-server': 'rs-',
  'launch-host': 'lh-',
} as const satisfies Record<ProgramRole, string>;

export async function enrol(service: Service, request: EnrolmentRequest): Promise<Enrolment> {
  verifyProof(request);
  if (request.role === 'agent') checkDiskCount(request.disks?.length ?? 0);
  const { store, clock, authority, log } = service;
  const programId = await chooseProgramId(service, request);
  const certificatePem = await authority.issue({
    commonName: programId,
    organizationalUnit: request.role,
    publicKeyPem: request.publicKeyPem,
    addresses: request.role === 'replication-server' ? (request.addresses ?? []) : [],
  });
  const nowMs = clock.nowMs();
  await store.transaction(async (tx) => {
    const { role, installId } = request;
    const token = await useToken(tx, { secret: request.token, role, installId, nowMs });
    const fingerprint = certificateFingerprint(certificatePem);
    const current = await findInstalled(tx, role, installId);
    if (current?.programId === programId) {
      const { version, publicKeyPem } = request;
      await updateEnrolment(tx, programId, {
        publicKeyPem,
        certificateFingerprint: fingerprint,
        version,
        enrolledAtMs: nowMs,
      });
      return;
    }
    if (current !== undefined) await revokeProgram(tx, current.programId, nowMs);
    await insertProgram(tx, newProgram(request, { programId, fingerprint, nowMs }));
    if (role === 'agent') await addServer(service, tx, { programId, request, token, nowMs });
  });
  log.info('program-enrolled', { programId, role: request.role, version: request.version });
  return { programId, certificatePem, caPem: authority.certificatePem };
}

/** The id of the program that this install is already (E1), or a new one. Errors: IDENTITY_IN_USE (E2). */
async function chooseProgramId(service: Service, request: EnrolmentRequest): Promise<string> {
  const { db } = service.store;
  const current = await findInstalled(db, request.role, request.installId);
  if (current === undefined || (await isHistory(db, current))) return newProgramId(service, request);
  if (isKeyOf(current, request.publicKeyPem)) return current.programId;
  throw identityInUse(current);
}

/** E4. Errors: IDENTITY_IN_USE. */
async function newProgramId({ store, random }: Service, request: EnrolmentRequest): Promise<string> {
  const { role, userProvidedId } = request;
  const named =
    role === 'agent' && userProvidedId !== undefined
      ? await findServerByProvidedId(store.db, userProvidedId)
      : undefined;
  if (named === undefined || named.replication.desired === 'UNINSTALL') {
    return publicId(PREFIX_BY_ROLE[role], random);
  }
  if (named.lifeCycle.state === 'PENDING_INSTALLATION') return named.sourceServerId;
  throw providedIdInUse(named);
}

/** The server as it is on record from now on. */
async function keepServer(tx: Queries, seen: SourceServerRecord): Promise<SourceServerRecord> {
  const pending = await findServer(tx, seen.sourceServerId);
  if (pending === undefined) {
    await insertServer(tx, seen);
    return seen;
  }
  if (pending.lifeCycle.state !== 'PENDING_INSTALLATION') throw providedIdInUse(pending);
  const { sourceProperties, disks, replicationServerId, lifeCycle, replication } = seen;
  const tags = { ...pending.tags, ...seen.tags };
  const joined = { ...pending, sourceProperties, replicationServerId, lifeCycle, replication, tags };
  const server = withDisks(joined, disks);
  await saveServer(tx, server);
  return server;
}

/** A program that was stopped in the middle of a renewal enrols with its next key. */
function isKeyOf({ publicKeyPem, next }: ProgramRecord, told: string): boolean {
  return [publicKeyPem, next?.publicKeyPem].some((known) => known?.trim() === told.trim());
}

async function isHistory(db: Queries, program: ProgramRecord): Promise<boolean> {
  if (program.role !== 'agent') return false;
  const server = await findServer(db, program.programId);
  return server === undefined || server.isArchived || server.replication.desired === 'UNINSTALL';
}

interface NewProgramFacts {
  readonly programId: string;
  readonly fingerprint: string;
  readonly nowMs: number;
}

function newProgram(
  request: EnrolmentRequest,
  { programId, fingerprint, nowMs }: NewProgramFacts,
): ProgramRecord {
  return {
    programId,
    role: request.role,
    installId: request.installId,
    publicKeyPem: request.publicKeyPem,
    certificateFingerprint: fingerprint,
    version: request.version,
    enrolledAtMs: nowMs,
    lastSeenAtMs: null,
    revokedAtMs: null,
    next: null,
  };
}

interface NewServerFacts {
  readonly programId: string;
  readonly request: EnrolmentRequest;
  readonly token: EnrolmentTokenRecord;
  readonly nowMs: number;
}

async function addServer(service: Service, tx: Queries, facts: NewServerFacts): Promise<void> {
  const templates = await templatesForNewServer(tx, { nowMs: facts.nowMs, random: service.random });
  const server = await keepServer(tx, await newServer(tx, facts, templates));
  await equipServer(service, tx, server, templates);
}

async function newServer(
  tx: Queries,
  { programId, request, token, nowMs }: NewServerFacts,
  templates: NewServerTemplates,
): Promise<SourceServerRecord> {
  const { disks = [], sourceProperties, tags = {} } = request;
  if (sourceProperties === undefined) throw incomplete('sourceProperties');
  const replicationServerId = await chooseReplicationServer(tx, disks.length);
  const seen = newServerRecord({ sourceServerId: programId, sourceProperties, templates, nowMs });
  return {
    ...withDisks(seen, disks),
    tags: { ...token.tags, ...tags },
    lifeCycle: { state: 'NOT_READY' },
    replication: newReplication({ assigned: replicationServerId !== null, nowMs }),
    replicationServerId,
    ...(request.userProvidedId === undefined ? {} : { userProvidedId: request.userProvidedId }),
  };
}

function identityInUse({ programId, role }: ProgramRecord): OperationError {
  const who = `another ${role} (${programId})`;
  const message = `${who} is already enrolled with this identity; is this machine a copy of it?`;
  return new OperationError('IDENTITY_IN_USE', message, {
    hint:
      'on the copy, remove the state folder of the program and install it again; ' +
      'if the first one is gone, disconnect it from the service and install again',
    context: { programId },
  });
}

function providedIdInUse({ sourceServerId, userProvidedId }: SourceServerRecord): OperationError {
  const message = `the user-provided id ${userProvidedId} belongs to ${sourceServerId}, which has its agent`;
  return new OperationError('IDENTITY_IN_USE', message, {
    hint: 'install with the id this server has in the inventory, or disconnect the other one first',
    context: { sourceServerId },
  });
}

function incomplete(member: string): OperationError {
  return new OperationError('REQUEST_INVALID', `the enrolment request has no ${member}`, {
    hint: 'use an agent of the same version as the control plane',
  });
}
