/** A host on which nothing is started: for tests of what happens before, and of what is asked elsewhere. */
import { join } from 'node:path';
import { QemuHost } from '@landfall/launch';
import { silentLogger, systemClock } from '@landfall/runtime';
import type { HostServices } from './host-services.ts';

export function idleHost(
  folder: string,
): Pick<HostServices, 'host' | 'accelerator' | 'hasUefiFirmware' | 'logger' | 'clock'> {
  const common = { logger: silentLogger, clock: systemClock, accelerator: 'tcg' } as const;
  const host = new QemuHost({ ...common, probePath: join(folder, 'accelerator.json') });
  return { ...common, host, hasUefiFirmware: () => false };
}
