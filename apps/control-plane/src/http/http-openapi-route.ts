/** The description of the `landfall` service for other people's tools; it holds no secret. */
import { openApiDocument } from '@landfall/api';
import type { FastifyInstance } from 'fastify';
import type { Service } from '../service.ts';

export function registerOpenApiRoute(app: FastifyInstance, { facts }: Service): void {
  const text = JSON.stringify(openApiDocument({ version: facts.version, serverUrl: facts.publicUrl }));
  app.get('/landfall/openapi.json', async (_request, reply) => reply.type('application/json').send(text));
}
