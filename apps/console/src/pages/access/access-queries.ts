/** Questions about identities that several pages ask, and the addresses of those pages. */
import type { Landfall } from '@landfall/api/types';
import { apiFailure } from '../../api/failure.ts';
import type { LandfallCall } from '../../api/landfall-client.ts';
import type { LiveQuery } from '../../api/live-queries.ts';
import { hrefOf } from '../../shell/route.ts';

export const ACCESS_PATH = '/access';
/** There are no more users, roles or policies than this: one page of a listing holds them all. */
const IDENTITIES_MAX = 1000;

export function userHref(userName: string): string {
  return hrefOf(`${ACCESS_PATH}/users/${encodeURIComponent(userName)}`);
}

export function roleHref(roleName: string): string {
  return hrefOf(`${ACCESS_PATH}/roles/${encodeURIComponent(roleName)}`);
}

export function policyHref(policyName: string): string {
  return hrefOf(`${ACCESS_PATH}/policies/${encodeURIComponent(policyName)}`);
}

export function userQuery(landfall: LandfallCall, userName: string): LiveQuery<Landfall.IdentityUser> {
  return {
    key: `user ${userName}`,
    on: ['IdentityChanged'],
    load: async () => {
      const { items } = await landfall('ListUsers', { maxResults: IDENTITIES_MAX });
      return found(
        items.find((user) => user.userName === userName),
        userName,
      );
    },
  };
}

export function roleQuery(landfall: LandfallCall, roleName: string): LiveQuery<Landfall.IdentityRole> {
  return {
    key: `role ${roleName}`,
    on: ['IdentityChanged'],
    load: async () => {
      const { items } = await landfall('ListRoles', { maxResults: IDENTITIES_MAX });
      return found(
        items.find((role) => role.roleName === roleName),
        roleName,
      );
    },
  };
}

export function policyNamesQuery(landfall: LandfallCall): LiveQuery<readonly string[]> {
  return {
    key: 'policy names',
    on: ['IdentityChanged'],
    load: async () => {
      const { items } = await landfall('ListPolicies', { maxResults: IDENTITIES_MAX });
      return items.map(({ policyName }) => policyName);
    },
  };
}

function found<Value>(value: Value | undefined, name: string): Value {
  if (value !== undefined) return value;
  throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: name });
}
