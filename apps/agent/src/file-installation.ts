/**
 * What `install` decided and `run` goes by: which disks, on which machine. `installation.json` in the state
 * folder.
 */
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentConfiguration } from '@landfall/channel';
import { ensureFolder, OperationError, readIfExists, systemErrorCode, writeDurably } from '@landfall/runtime';
import type { KnownDisk } from './disk-mapping.ts';
import type { DiskDetection } from './disk-watch.ts';

export interface Installation {
  readonly disks: readonly KnownDisk[];
  /** Smaller ones were given to disks, also to some that are not in the list any more. */
  readonly nextDiskNumber?: number;
  /** Absent: NAMED, as before there was a choice. */
  readonly detection?: DiskDetection;
  /** Scan although the disks could be tracked. */
  readonly scanMode?: boolean;
  /** The firmware's UUID of the machine; absent where there is none. A copy of the machine has another. */
  readonly machineUuid?: string;
  /** Free space of file systems is left out of first sync and rescan. Absent in older installations: true. */
  readonly skipFreeSpace?: boolean;
  /** Where disks are scanned: how long file systems may be frozen, and how often. Absent: never. */
  readonly freeze?: { readonly limitMs: number; readonly intervalMs: number } | undefined;
  /** Connections replication may use. Absent in older installations: STREAMS_DEFAULT. */
  readonly streams?: number;
}

/** Errors: STATE_UNREADABLE. */
export async function readInstallation(stateFolder: string): Promise<Installation | undefined> {
  return readJson<Installation>(join(stateFolder, 'installation.json'));
}

export async function writeInstallation(stateFolder: string, installation: Installation): Promise<void> {
  await ensureFolder(stateFolder);
  await writeJson(join(stateFolder, 'installation.json'), installation);
}

/** What the control plane wanted last, so that replication goes on when the agent restarts without it. */
export async function readLastConfiguration(stateFolder: string): Promise<AgentConfiguration | undefined> {
  return readJson<AgentConfiguration>(join(stateFolder, 'configuration.json'));
}

export async function writeLastConfiguration(
  stateFolder: string,
  configuration: AgentConfiguration,
): Promise<void> {
  await writeJson(join(stateFolder, 'configuration.json'), configuration);
}

export async function removeState(stateFolder: string): Promise<void> {
  await rm(stateFolder, { recursive: true, force: true });
}

/** Leaves a folder alone that others use too. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}

export async function readMachineUuid(): Promise<string | undefined> {
  const text = await readIfExists('/sys/class/dmi/id/product_uuid');
  return text?.trim().toLowerCase() || undefined;
}

/** Two agents with one identity would overwrite each other's replica. Errors: IDENTITY_OF_OTHER_MACHINE. */
export function checkSameMachine(installation: Installation, machineUuid: string | undefined): void {
  const { machineUuid: expected } = installation;
  if (expected === undefined || machineUuid === undefined || expected === machineUuid) return;
  const message = 'the agent on this disk was installed on another machine: this server is a copy of it';
  throw new OperationError('IDENTITY_OF_OTHER_MACHINE', message, {
    hint: 'run `landfall-agent install --token TOKEN` to protect it too, or `landfall-agent uninstall`',
    context: { expected, machineUuid },
  });
}

async function readJson<Content>(path: string): Promise<Content | undefined> {
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  try {
    const content: Content = JSON.parse(text);
    return content;
  } catch (cause) {
    throw new OperationError('STATE_UNREADABLE', `${path} is damaged`, {
      hint: 'install the agent again: `landfall-agent install --token TOKEN`; nothing of the replica is lost',
      cause,
    });
  }
}

function writeJson(path: string, content: unknown): Promise<void> {
  return writeDurably(path, `${JSON.stringify(content, null, 2)}\n`);
}
