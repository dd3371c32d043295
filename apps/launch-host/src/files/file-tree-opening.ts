/**
 * Opens a recovery point for reading files: throw-away overlays of its disks in a folder of this opening
 * alone, and an appliance over them. One that fails or is given up leaves nothing.
 */
import { join } from 'node:path';
import type { MachineDisk } from '@landfall/channel';
import { GuestFiles } from '@landfall/conversion';
import { createOverlay } from '@landfall/launch';
import { ensureFolder, OperationError } from '@landfall/runtime';
import type { HostServices } from '../host-services.ts';
import { removeFolder } from '../machine/file-machine-store.ts';
import { overlayName } from '../machine/machine-context.ts';

export interface TreeRequest {
  readonly treeId: string;
  readonly disks: readonly MachineDisk[];
  /** Of this opening alone. */
  readonly folder: string;
  /** Gives it up; with an operating error, that is why. */
  readonly signal: AbortSignal;
}

export type GuestTree = Pick<GuestFiles, 'filesystems' | 'isBusy' | 'list' | 'download' | 'close'>;

type Services = Pick<HostServices, 'logger' | 'clock' | 'accelerator' | 'viewTimeoutSeconds'>;

/** Errors: VIEW_UNREACHABLE, OVERLAY_NO_SPACE, APPLIANCE_FAILED, TOOL_MISSING. */
export async function openGuestTree(services: Services, request: TreeRequest): Promise<GuestTree> {
  const { logger, clock } = services;
  const { treeId, disks, folder, signal } = request;
  const startedNs = clock.monotonicNs();
  try {
    const files = await open(services, request);
    const durationMs = Number((clock.monotonicNs() - startedNs) / 1_000_000n);
    logger.info('files-tree-opened', { treeId, disks: disks.length, durationMs });
    return files;
  } catch (error) {
    await removeFolder(folder);
    throw signal.reason instanceof OperationError ? signal.reason : error;
  }
}

async function open(services: Services, { disks, folder, signal }: TreeRequest): Promise<GuestFiles> {
  const { logger, clock, accelerator, viewTimeoutSeconds } = services;
  await ensureFolder(folder);
  const overlays = disks.map((disk) => ({ ...disk, overlayPath: join(folder, overlayName(disk.diskId)) }));
  for (const { nbdUri, sizeBytes, overlayPath: path } of overlays) {
    signal.throwIfAborted();
    await createOverlay({ path, nbdUri, sizeBytes, openTimeoutSeconds: viewTimeoutSeconds });
  }
  const scratchFolder = join(folder, 'scratch');
  const useKvm = accelerator === 'kvm';
  return await GuestFiles.open({ disks: overlays, scratchFolder, useKvm, logger, clock, signal });
}
