/** What the control plane wanted last, so that agents are taken on after a restart even while it is away. */
import { join } from 'node:path';
import type { ReplicationServerConfiguration } from '@landfall/channel';
import { OperationError, readIfExists, writeDurably } from '@landfall/runtime';

const FILE_NAME = 'configuration.json';

/** Errors: STATE_UNREADABLE. */
export async function readLastConfiguration(
  stateFolder: string,
): Promise<ReplicationServerConfiguration | undefined> {
  const path = join(stateFolder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  try {
    const configuration: ReplicationServerConfiguration = JSON.parse(text);
    return configuration;
  } catch (cause) {
    throw new OperationError('STATE_UNREADABLE', `${path} is damaged`, {
      hint: 'delete the file: the control plane gives the configuration again',
      cause,
    });
  }
}

export async function writeLastConfiguration(
  stateFolder: string,
  configuration: ReplicationServerConfiguration,
): Promise<void> {
  await writeDurably(join(stateFolder, FILE_NAME), `${JSON.stringify(configuration, null, 2)}\n`);
}
