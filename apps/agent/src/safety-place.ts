/** Where the agent keeps what a restart needs: below /run, for it is worth nothing after a reboot. */
import { join } from 'node:path';

export function safetyPlaceOf(sourceServerId: string, runtimeFolder: string) {
  return { stateName: sourceServerId, checkpointPath: join(runtimeFolder, 'checkpoint') };
}
