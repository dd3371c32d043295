/** CreateRole, ListRoles, DeleteRole: what a user may become for a while. */
import { ApiError, type Handlers, isoDateTime, type Landfall, paginate } from '@landfall/api';
import {
  deleteIdentity,
  type IdentityRecord,
  insertIdentity,
  listIdentities,
} from '../identity/identities.ts';
import { identityArn, uniqueId } from '../identity/identity-names.ts';
import { listAttachments } from '../identity/policies.ts';
import type { Service } from '../service.ts';
import { checkPolicy } from './policies.ts';
import { requireRoom } from './users.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'CreateRole' | 'ListRoles' | 'DeleteRole'>;

export const SESSION_SECONDS_DEFAULT = 3600;

export const roleOperations: Operations = {
  CreateRole: async (input, { store, clock, random, facts }) => {
    const { roleName, trustPolicy, maxSessionSeconds = SESSION_SECONDS_DEFAULT } = input;
    checkPolicy(trustPolicy, 'trustPolicy');
    const role: IdentityRecord = {
      ...{ kind: 'role', name: roleName, trustPolicy, maxSessionSeconds },
      id: uniqueId('AROA', random),
      createdAtMs: clock.nowMs(),
    };
    await store.transaction(async (tx) => {
      await requireRoom(tx, 'role');
      if (await insertIdentity(tx, role)) return;
      throw ApiError.conflict(`There is a role ${roleName} already.`, { resourceId: roleName });
    });
    return { role: showRole(role, [], facts.accountId) };
  },

  ListRoles: async (input, { store: { db }, facts }) => {
    const attachments = await listAttachments(db);
    const page = paginate(await listIdentities(db, 'role'), input, {
      listing: 'ListRoles',
      sortKeyOf: ({ name }) => name,
    });
    const policiesOf = (role: string) =>
      attachments
        .filter(({ kind, identityName }) => kind === 'role' && identityName === role)
        .map(({ policyName }) => policyName);
    const items = page.items.map((role) => showRole(role, policiesOf(role.name), facts.accountId));
    return { ...page, items };
  },

  DeleteRole: async ({ roleName }, { store }) => {
    const isDeleted = await store.transaction((tx) => deleteIdentity(tx, 'role', roleName));
    if (!isDeleted) throw ApiError.notFound(roleName, 'Role');
    return {};
  },
};

function showRole(
  role: IdentityRecord,
  policies: readonly string[],
  accountId: string,
): Landfall.IdentityRole {
  return {
    roleName: role.name,
    roleID: role.id,
    arn: identityArn('role', role.name, accountId),
    createdDateTime: isoDateTime(role.createdAtMs),
    policies,
    trustPolicy: role.trustPolicy ?? '',
    maxSessionSeconds: role.maxSessionSeconds ?? SESSION_SECONDS_DEFAULT,
  };
}
