/** Which exports are open, so that they come back after a restart: `exports.json` in the state folder. */
import { join } from 'node:path';
import { OperationError, readIfExists, writeDurably } from '@landfall/runtime';

export interface ExportRecord {
  readonly exportId: string;
  readonly sourceServerId: string;
  readonly epoch: number;
  /** It is closed when nobody opens it again for so long; absent: it stays until it is closed. */
  readonly leaseMs?: number;
}

const FILE_NAME = 'exports.json';

/** Errors: STATE_UNREADABLE. */
export async function readExports(stateFolder: string): Promise<readonly ExportRecord[]> {
  const path = join(stateFolder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return [];
  try {
    const records: readonly ExportRecord[] = JSON.parse(text);
    return records;
  } catch (cause) {
    throw new OperationError('STATE_UNREADABLE', `${path} is damaged`, {
      hint: 'delete the file and launch again: machines that still read from staging lose their disks',
      cause,
    });
  }
}

export async function writeExports(stateFolder: string, records: readonly ExportRecord[]): Promise<void> {
  await writeDurably(join(stateFolder, FILE_NAME), `${JSON.stringify(records, null, 2)}\n`);
}
