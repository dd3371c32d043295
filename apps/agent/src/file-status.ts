/**
 * What `landfall-agent status` shows: a file the running agent replaces every second. It lies in /run, in
 * memory, so that telling how replication goes is not itself a change to replicate; it need not survive a
 * power cut.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentReport } from '@landfall/channel';
import { ensureFolder, readIfExists } from '@landfall/runtime';
import type { TrackingAccount } from './replicator.ts';

export interface AgentStatus {
  readonly pid: number;
  readonly writtenAtMs: number;
  readonly sourceServerId: string;
  readonly controlPlaneUrl: string;
  readonly controlPlaneConnected: boolean;
  readonly replicationServer: string | null;
  readonly version: string;
  readonly residentBytes: number;
  readonly disks: AgentReport['disks'];
  readonly replication: AgentReport['replication'];
  /** How tracking began, and what a restart would need now; null while nothing is tracked. */
  readonly tracking: TrackingAccount | null;
}

const FILE_NAME = 'status.json';

export async function writeStatus(folder: string, status: AgentStatus): Promise<void> {
  await ensureFolder(folder, 0o755);
  const temporary = join(folder, `${FILE_NAME}.tmp`);
  await writeFile(temporary, JSON.stringify(status), { mode: 0o644 });
  await rename(temporary, join(folder, FILE_NAME));
}

export async function readStatus(folder: string): Promise<AgentStatus | undefined> {
  const text = await readIfExists(join(folder, FILE_NAME));
  if (text === undefined) return undefined;
  const status: AgentStatus = JSON.parse(text);
  return status;
}

export async function removeStatus(folder: string): Promise<void> {
  await rm(join(folder, FILE_NAME), { force: true });
}
