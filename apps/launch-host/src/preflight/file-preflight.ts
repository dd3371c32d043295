/** One inspection of views, on overlays that are thrown away with everything else it wrote. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreflightOrder } from '@landfall/channel';
import { hasVirtV2v, preflightGuest } from '@landfall/conversion';
import { createOverlay, USER_NETWORK_GIVES } from '@landfall/launch';
import type { PreflightResult } from '@landfall/model';
import { ensureFolder } from '@landfall/runtime';
import type { HostServices } from '../host-services.ts';
import { overlayName } from '../machine/machine-context.ts';

/** Others wait for the appliance: a view that is not there is asked for again later. */
const VIEW_TIMEOUT_SECONDS = 10;

export async function inspectViews(
  services: HostServices,
  parentFolder: string,
  { preflightId, disks, bootMode, conversionMethod = 'AUTOMATIC' }: PreflightOrder,
  signal: AbortSignal,
): Promise<PreflightResult> {
  const folder = join(parentFolder, preflightId);
  await emptyFolder(folder);
  try {
    const overlays = disks.map((disk) => ({ ...disk, overlayPath: join(folder, overlayName(disk.diskId)) }));
    const openTimeoutSeconds = services.viewTimeoutSeconds ?? VIEW_TIMEOUT_SECONDS;
    for (const disk of overlays) {
      await createOverlay({ ...disk, path: disk.overlayPath, openTimeoutSeconds });
      signal.throwIfAborted();
    }
    return await preflightGuest({
      disks: overlays,
      // No machine is made: what is told of its addresses holds for any.
      target: {
        ...{ macAddress: 'of the machine', given: USER_NETWORK_GIVES, bootMode },
        hasUefiFirmware: services.hasUefiFirmware(),
        hasVirtV2v: await hasVirtV2v(),
        method: conversionMethod,
      },
      scratchFolder: folder,
      useKvm: services.accelerator === 'kvm',
      logger: services.logger.with({ preflightId }),
      clock: services.clock,
      ...{ signal, isBackground: true },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function emptyFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await ensureFolder(folder);
}
