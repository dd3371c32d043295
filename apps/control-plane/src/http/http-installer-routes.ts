/** What a server without any identity may fetch: the CA certificate, the installer and the agent. */

import { OperationError } from '@landfall/runtime';
import type { FastifyInstance } from 'fastify';
import { openAgentBinary } from '../installer/file-agent-binary.ts';
import { installScript } from '../installer/install-script.ts';
import type { Service } from '../service.ts';

export interface InstallerRoutesOptions {
  readonly service: Service;
  readonly agentBinary: string | undefined;
}

export function registerInstallerRoutes(
  app: FastifyInstance,
  { service, agentBinary }: InstallerRoutesOptions,
): void {
  const { authority, facts } = service;
  app.get('/ca.pem', async (_request, reply) =>
    reply.type('application/x-pem-file').send(authority.certificatePem),
  );
  app.get('/install.sh', async (_request, reply) =>
    reply
      .type('text/x-shellscript')
      .send(installScript({ publicUrl: facts.publicUrl, caPem: authority.certificatePem })),
  );
  app.get('/agent/landfall-agent-linux-x64.gz', async (_request, reply) => {
    try {
      const { sizeBytes, content } = await openAgentBinary(agentBinary);
      return reply.type('application/gzip').header('content-length', sizeBytes).send(content);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      const { code, message, hint, retryable } = error;
      return reply.code(404).send({ error: { code, message, hint, retryable } });
    }
  });
}
