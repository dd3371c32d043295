/** Where the agent keeps what a restart needs: below /run, for it is worth nothing after a reboot. */
import { join } from 'node:path';

export interface SafetyPlace {
  readonly stateName: string;
  readonly checkpointPath: string;
}

export function safetyPlaceOf(sourceServerId: string, runtimeFolder: string): SafetyPlace {
  return { stateName: sourceServerId, checkpointPath: join(runtimeFolder, 'checkpoint') };
}
