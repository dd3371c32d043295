/** PutPolicy, GetPolicy, ListPolicies, DeletePolicy, AttachPolicy, DetachPolicy. */
import { ApiError, type Handlers, isoDateTime, type Landfall, paginate } from '@landfall/api';
import { findIdentity, type IdentityKind } from '../identity/identities.ts';
import { ADMINISTRATOR } from '../identity/identity-keeper.ts';
import { identityArn } from '../identity/identity-names.ts';
import { ADMINISTRATOR_ACCESS, KNOWN_ACTIONS } from '../identity/managed-policies.ts';
import {
  type Attachment,
  attachPolicy,
  deletePolicy,
  detachPolicy,
  findPolicy,
  listAttachments,
  listPolicies,
  type PolicyRecord,
  savePolicy,
} from '../identity/policies.ts';
import { PolicyError, parsePolicy } from '../identity/policy-document.ts';
import type { Service } from '../service.ts';
import type { Queries } from '../store/schema.ts';
import { requireRevision, revisionOf } from './revision.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  'PutPolicy' | 'GetPolicy' | 'ListPolicies' | 'DeletePolicy' | 'AttachPolicy' | 'DetachPolicy'
>;

const POLICIES_MAX = 1000;
const ATTACHED_MAX = 20;

export const policyOperations: Operations = {
  PutPolicy: async ({ policyName, document, expectedRevision }, { store, clock, facts }) => {
    checkPolicy(document, 'document');
    const policy = { name: policyName, document, nowMs: clock.nowMs() };
    const attachments = await store.transaction(async (tx) => {
      await refuseManaged(tx, policyName);
      const others = (await listPolicies(tx)).filter(({ name }) => name !== policyName);
      if (others.length >= POLICIES_MAX) {
        throw ApiError.quotaExceeded(`There are ${POLICIES_MAX} policies, all there can be.`);
      }
      await requirePolicyRevision(tx, { policyName, expectedRevision, wanted: document });
      await savePolicy(tx, policy);
      return listAttachments(tx);
    });
    const record = { ...policy, managed: false, updatedAtMs: policy.nowMs };
    return { policy: showPolicy(record, attachments, facts.accountId) };
  },

  GetPolicy: async ({ policyName }, { store: { db }, facts }) => {
    const policy = await requirePolicy(db, policyName);
    const shown = showPolicy(policy, await listAttachments(db), facts.accountId);
    return { policy: shown, document: policy.document };
  },

  ListPolicies: async (input, { store: { db }, facts }) => {
    const attachments = await listAttachments(db);
    const page = paginate(await listPolicies(db), input, {
      listing: 'ListPolicies',
      sortKeyOf: ({ name }) => name,
    });
    return { ...page, items: page.items.map((one) => showPolicy(one, attachments, facts.accountId)) };
  },

  DeletePolicy: async ({ policyName, expectedRevision }, { store }) => {
    await store.transaction(async (tx) => {
      await refuseManaged(tx, policyName);
      await requirePolicy(tx, policyName);
      await requirePolicyRevision(tx, { policyName, expectedRevision, wanted: undefined });
      const holder = (await listAttachments(tx)).find((one) => one.policyName === policyName);
      if (holder !== undefined) {
        throw ApiError.conflict(
          `${policyName} is attached to the ${holder.kind} ${holder.identityName}; detach it first.`,
          { resourceId: policyName },
        );
      }
      await deletePolicy(tx, policyName);
    });
    return {};
  },

  AttachPolicy: async (input, { store }) => {
    const attachment = attachmentOf(input);
    await store.transaction(async (tx) => {
      await requirePolicy(tx, attachment.policyName);
      await requireHolder(tx, attachment);
      await attachPolicy(tx, attachment);
      const held = (await listAttachments(tx)).filter((one) => isSameHolder(one, attachment));
      if (held.length <= ATTACHED_MAX) return;
      throw ApiError.quotaExceeded(`At most ${ATTACHED_MAX} policies are attached to a user or role.`);
    });
    return {};
  },

  DetachPolicy: async (input, { store }) => {
    const attachment = attachmentOf(input);
    const { kind, identityName, policyName } = attachment;
    if (kind === 'user' && identityName === ADMINISTRATOR && policyName === ADMINISTRATOR_ACCESS) {
      throw ApiError.conflict(`${ADMINISTRATOR_ACCESS} cannot be taken from the user ${ADMINISTRATOR}.`);
    }
    await store.transaction(async (tx) => {
      await requireHolder(tx, attachment);
      if (!(await detachPolicy(tx, attachment))) throw ApiError.notFound(policyName, 'Policy attachment');
    });
    return {};
  },
};

/** Throws ValidationException that names the place in the policy. */
export function checkPolicy(text: string, member: 'document' | 'trustPolicy'): void {
  try {
    if (member === 'document') parsePolicy(text, { kind: 'identity', knownActions: KNOWN_ACTIONS });
    else parsePolicy(text, { kind: 'trust', knownActions: ['sts:AssumeRole'] });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw ApiError.validation(`${member}: ${error.message}`, {
      reason: 'fieldValidationFailed',
      fieldList: [{ name: member, message: error.message }],
    });
  }
}

async function requirePolicy(db: Queries, name: string): Promise<PolicyRecord> {
  const policy = await findPolicy(db, name);
  if (policy === undefined) throw ApiError.notFound(name, 'Policy');
  return policy;
}

interface PolicySave {
  readonly policyName: string;
  readonly expectedRevision: string | undefined;
  /** The document; `undefined`: none. */
  readonly wanted: string | undefined;
}

/** Errors: ConflictException. */
async function requirePolicyRevision(tx: Queries, save: PolicySave): Promise<void> {
  const { policyName: resourceId, expectedRevision, wanted } = save;
  const stored = (await findPolicy(tx, resourceId))?.document;
  requireRevision({ stored, wanted, expectedRevision, resourceId, resourceType: 'Policy' });
}

async function requireHolder(db: Queries, { kind, identityName }: Attachment): Promise<void> {
  if ((await findIdentity(db, kind, identityName)) !== undefined) return;
  throw ApiError.notFound(identityName, kind === 'user' ? 'User' : 'Role');
}

function attachmentOf({ policyName, userName, roleName }: Landfall.AttachPolicyRequest): Attachment {
  if ((userName === undefined) === (roleName === undefined)) {
    throw ApiError.validation('Give either userName or roleName.');
  }
  const kind: IdentityKind = userName === undefined ? 'role' : 'user';
  return { kind, identityName: userName ?? roleName ?? '', policyName };
}

function isSameHolder(left: Attachment, right: Attachment): boolean {
  return left.kind === right.kind && left.identityName === right.identityName;
}

/** Errors: ConflictException. */
async function refuseManaged(tx: Queries, name: string): Promise<void> {
  if ((await findPolicy(tx, name))?.managed !== true) return;
  throw ApiError.conflict(`${name} comes with Landfall and cannot be changed.`, { resourceId: name });
}

function showPolicy(
  { name, managed, document, updatedAtMs }: PolicyRecord,
  attachments: readonly Attachment[],
  accountId: string,
): Landfall.IdentityPolicy {
  return {
    policyName: name,
    arn: identityArn('policy', name, managed ? 'aws' : accountId),
    managed,
    ...(updatedAtMs === undefined ? {} : { updatedDateTime: isoDateTime(updatedAtMs) }),
    ...(managed ? {} : { revision: revisionOf(document) }),
    attachedTo: attachments
      .filter(({ policyName }) => policyName === name)
      .map(({ kind, identityName }) => identityArn(kind, identityName, accountId)),
  };
}
