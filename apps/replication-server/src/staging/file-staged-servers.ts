/**
 * What must be known of a staged server without the control plane: `servers.json` in the state folder.
 * `disks` describes the staging disks as machines will see them; `acceptedFingerprints` says whether its
 * agent may connect, and with which certificates; `journalLimitBytes` how much its journal may take;
 * `retention` what was put of which points to keep, so that a restarted server drops none before it has
 * heard. A server that is no longer accepted stays here until it is discarded.
 */
import { join } from 'node:path';
import type { RetentionWish, SourceDisk } from '@landfall/model';
import { OperationError, readIfExists, writeDurably } from '@landfall/runtime';

export interface StagedServerRecord {
  readonly sourceServerId: string;
  readonly disks: readonly SourceDisk[];
  /**
   * SHA-256 of the agent's certificates, lower-case hexadecimal: the current one, and while it is being
   * renewed the next. Absent when it may not connect.
   */
  readonly acceptedFingerprints?: readonly string[];
  /** Of its journal; absent: the volume's is enough. */
  readonly journalLimitBytes?: number;
  /** Absent: what the file says, or the built-in tiers. */
  readonly retention?: RetentionWish;
}

/** Written by versions before certificates were renewed. */
interface RecordOfOneFingerprint {
  readonly acceptedFingerprint?: string;
}

const FILE_NAME = 'servers.json';

/** Errors: STATE_UNREADABLE. */
export async function readStagedServers(stateFolder: string): Promise<readonly StagedServerRecord[]> {
  const path = join(stateFolder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return [];
  try {
    const records: readonly (StagedServerRecord & RecordOfOneFingerprint)[] = JSON.parse(text);
    return records.map(({ acceptedFingerprint, ...record }) =>
      acceptedFingerprint === undefined ? record : { ...record, acceptedFingerprints: [acceptedFingerprint] },
    );
  } catch (cause) {
    throw new OperationError('STATE_UNREADABLE', `${path} is damaged`, {
      hint: 'delete the file: the control plane says again which servers there are',
      cause,
    });
  }
}

export async function writeStagedServers(
  stateFolder: string,
  records: readonly StagedServerRecord[],
): Promise<void> {
  await writeDurably(join(stateFolder, FILE_NAME), `${JSON.stringify(records, null, 2)}\n`);
}
