/** The disks of a recovery point as files, read out of the replication server over NBD as a machine would. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecoveryPoint } from '../../packages/model/src/index.ts';
import { OperationError, systemClock } from '../../packages/runtime/src/index.ts';
import type { CrashSite } from './crash-site.ts';
import { runTool } from './patient-tool.ts';

/** The replication server may be killed while it is read: then once more from the start. */
const COPY_ATTEMPTS_MAX = 100;
const PAUSE_MS = 200;

export interface PointCopy {
  readonly point: RecoveryPoint;
  readonly folder: string;
  readonly images: readonly string[];
}

export async function copyPoint(options: {
  readonly site: CrashSite;
  readonly sourceServerId: string;
  readonly point: RecoveryPoint;
  readonly folder: string;
}): Promise<PointCopy> {
  const { site, sourceServerId, point, folder } = options;
  await mkdir(folder, { recursive: true });
  const exportId = `crash-${sourceServerId}-${folder}`;
  const record = { exportId, sourceServerId, epoch: point.epoch };
  const { disks } = await site.askReplicationServer('openExport', record);
  const images: string[] = [];
  for (const { nbdUri } of disks) {
    const image = join(folder, `disk-${images.length}.raw`);
    await copyDisk(nbdUri, image);
    images.push(image);
  }
  await site.askReplicationServer('closeExport', { exportId });
  return { point, folder, images };
}

/** Holes stay holes. */
async function copyDisk(nbdUri: string, image: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await runTool(['nbdcopy', nbdUri, image]);
    if (result.exitCode === 0) return;
    if (attempt === COPY_ATTEMPTS_MAX) {
      throw new OperationError('TOOL_FAILED', `nbdcopy of ${nbdUri}: ${result.stderr.trim()}`);
    }
    await rm(image, { force: true });
    await systemClock.sleep(PAUSE_MS);
  }
}

/** Where two images differ first, or nothing when they are equal. */
export async function firstDifference(left: string, right: string): Promise<string | undefined> {
  const result = await runTool(['cmp', left, right]);
  return result.exitCode === 0 ? undefined : `${result.stdout}${result.stderr}`.trim();
}
