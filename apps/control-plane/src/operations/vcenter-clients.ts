/** DescribeVcenterClients, DeleteVcenterClient: none until servers are replicated without an agent. */
import { ApiError, type Handlers, type Mgn, paginate } from '@landfall/api';
import type { Service } from '../service.ts';

type Operations = Pick<Handlers<'mgn', Service>, 'DescribeVcenterClients' | 'DeleteVcenterClient'>;

export const vcenterClientOperations: Operations = {
  DescribeVcenterClients: async (input) =>
    paginate<Mgn.VcenterClient>([], input, {
      listing: 'DescribeVcenterClients',
      sortKeyOf: ({ vcenterClientID = '' }) => vcenterClientID,
    }),

  DeleteVcenterClient: async ({ vcenterClientID }) => {
    throw ApiError.notFound(vcenterClientID, 'VcenterClient');
  },
};
