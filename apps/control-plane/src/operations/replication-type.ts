/** UpdateSourceServerReplicationType: whether a server is to be replicated by an agent or without one. */
import { ApiError, type Handlers } from '@landfall/api';
import type { Service } from '../service.ts';
import { changeFreeServer, conflict } from './change-source-server.ts';

type Operations = Pick<Handlers<'mgn', Service>, 'UpdateSourceServerReplicationType'>;

export const replicationTypeOperations: Operations = {
  UpdateSourceServerReplicationType: ({ sourceServerID, replicationType }, service) =>
    changeFreeServer(service, sourceServerID, (server) => {
      if (replicationType === 'AGENT_BASED') return server;
      const isBefore = ['PENDING_INSTALLATION', 'DISCOVERED'].includes(server.lifeCycle.state);
      if (!isBefore) throw conflict(server, 'its agent already replicates it');
      throw ApiError.validation('This service replicates by agents; install one on the server.');
    }),
};
