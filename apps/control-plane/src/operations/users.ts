/** CreateUser, ListUsers, DeleteUser and the access keys of users. */
import { ApiError, type Handlers, isoDateTime, type Landfall, paginate } from '@landfall/api';
import {
  type AccessKeyRecord,
  createAccessKey,
  deleteAccessKey,
  deleteAccessKeysOf,
  listAccessKeys,
  setAccessKeyStatus,
} from '../identity/access-keys.ts';
import { deleteIdentity, findIdentity, insertIdentity, listIdentities } from '../identity/identities.ts';
import { ADMINISTRATOR } from '../identity/identity-keeper.ts';
import { identityArn, uniqueId } from '../identity/identity-names.ts';
import { listAttachments } from '../identity/policies.ts';
import type { Service } from '../service.ts';
import type { Queries } from '../store/schema.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  | 'CreateUser'
  | 'ListUsers'
  | 'DeleteUser'
  | 'CreateAccessKey'
  | 'ListAccessKeys'
  | 'UpdateAccessKey'
  | 'DeleteAccessKey'
>;

export const IDENTITIES_MAX = 1000;
/** Two, so that one can follow the other. */
const KEYS_MAX = 2;

export const userOperations: Operations = {
  CreateUser: async ({ userName }, service) => {
    const { store, clock, random, facts } = service;
    const createdAtMs = clock.nowMs();
    const userID = uniqueId('AIDA', random);
    await store.transaction(async (tx) => {
      await requireRoom(tx, 'user');
      if (await insertIdentity(tx, { kind: 'user', name: userName, id: userID, createdAtMs })) return;
      throw ApiError.conflict(`There is a user ${userName} already.`, { resourceId: userName });
    });
    const arn = identityArn('user', userName, facts.accountId);
    const createdDateTime = isoDateTime(createdAtMs);
    return { user: { userName, userID, arn, createdDateTime, policies: [], accessKeys: 0 } };
  },

  ListUsers: async (input, { store: { db }, facts }) => {
    const users = await listIdentities(db, 'user');
    const attachments = await listAttachments(db);
    const keys = await listAccessKeys(db);
    const options = { listing: 'ListUsers', sortKeyOf: ({ name }: { name: string }) => name };
    const page = paginate(users, input, options);
    const items = page.items.map(({ name, id, createdAtMs }) => ({
      userName: name,
      userID: id,
      arn: identityArn('user', name, facts.accountId),
      createdDateTime: isoDateTime(createdAtMs),
      policies: attachments
        .filter(({ kind, identityName }) => kind === 'user' && identityName === name)
        .map(({ policyName }) => policyName),
      accessKeys: keys.filter(({ userName }) => userName === name).length,
    }));
    return { ...page, items };
  },

  DeleteUser: async ({ userName }, { store }) => {
    if (userName === ADMINISTRATOR) {
      throw ApiError.conflict(`The user ${ADMINISTRATOR} cannot be deleted; its access keys can be changed.`);
    }
    await store.transaction(async (tx) => {
      await deleteAccessKeysOf(tx, userName);
      if (!(await deleteIdentity(tx, 'user', userName))) throw ApiError.notFound(userName, 'User');
    });
    return {};
  },

  CreateAccessKey: async ({ userName }, { store, clock, random, vaults }) => {
    const { secretAccessKey, ...key } = await store.transaction(async (tx) => {
      await requireUser(tx, userName);
      const keys = await listAccessKeys(tx, userName);
      if (keys.length < KEYS_MAX) {
        return createAccessKey(tx, { userName, vault: vaults.accessKeys, clock, random });
      }
      throw ApiError.quotaExceeded(`${userName} has ${KEYS_MAX} access keys, all it can have; delete one.`);
    });
    return { accessKey: showKey(key), secretAccessKey };
  },

  ListAccessKeys: async ({ userName }, { store: { db } }) => {
    await requireUser(db, userName);
    return { items: (await listAccessKeys(db, userName)).map(showKey) };
  },

  UpdateAccessKey: async ({ userName, accessKeyID, status }, { store }) => {
    const key = { userName, accessKeyId: accessKeyID };
    if (await store.transaction((tx) => setAccessKeyStatus(tx, key, status))) return {};
    throw ApiError.notFound(accessKeyID, 'AccessKey');
  },

  DeleteAccessKey: async ({ userName, accessKeyID }, { store }) => {
    const key = { userName, accessKeyId: accessKeyID };
    if (await store.transaction((tx) => deleteAccessKey(tx, key))) return {};
    throw ApiError.notFound(accessKeyID, 'AccessKey');
  },
};

export async function requireRoom(tx: Queries, kind: 'user' | 'role'): Promise<void> {
  if ((await listIdentities(tx, kind)).length < IDENTITIES_MAX) return;
  throw ApiError.quotaExceeded(`There are ${IDENTITIES_MAX} ${kind}s, all there can be.`);
}

async function requireUser(db: Queries, userName: string): Promise<void> {
  if ((await findIdentity(db, 'user', userName)) === undefined) throw ApiError.notFound(userName, 'User');
}

function showKey({ accessKeyId, userName, status, createdAtMs }: AccessKeyRecord): Landfall.AccessKeyItem {
  return { accessKeyID: accessKeyId, userName, status, createdDateTime: isoDateTime(createdAtMs) };
}
