/** One installation is one account, which manages itself. */
import { ApiError, type Handlers, paginate } from '@landfall/api';
import type { Service } from '../service.ts';

type Operations = Pick<Handlers<'mgn', Service>, 'ListManagedAccounts'>;

export const managedAccountOperations: Operations = {
  ListManagedAccounts: async (input, { facts }) =>
    paginate([{ accountId: facts.accountId }], input, {
      listing: 'ListManagedAccounts',
      sortKeyOf: ({ accountId }) => accountId,
    }),
};

/**
 * Many operations take the account to act in. Acting in ours for somebody who named another would be wrong.
 * Values of no right form are left to the validator.
 */
export function refuseOtherAccount({ facts }: Service, input: unknown): void {
  if (typeof input !== 'object' || input === null || !('accountID' in input)) return;
  const { accountID } = input;
  if (typeof accountID !== 'string' || !/^[0-9]{12}$/.test(accountID) || accountID === facts.accountId)
    return;
  throw ApiError.accessDenied(`Account ${accountID} is not managed here; this one is ${facts.accountId}.`);
}
