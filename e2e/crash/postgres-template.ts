/** A cluster with the schema of the workload, made once and copied for every round: initdb is slow. */
import { join } from 'node:path';
import { createCluster, PostgresCluster } from './postgres-cluster.ts';
import { POSTGRES_SCHEMA } from './postgres-workload.ts';

export async function createPostgresTemplate(place: {
  /** Reachable by every user. */
  readonly publicFolder: string;
  /** For the log. */
  readonly folder: string;
}): Promise<string> {
  const template = join(place.publicFolder, 'template');
  await createCluster(template);
  const logFile = join(place.folder, 'template.log');
  const cluster = new PostgresCluster({ folder: template, name: 'template', logFile });
  await cluster.start();
  await cluster.query(POSTGRES_SCHEMA);
  await cluster.stop('SIGINT');
  return template;
}
