/**
 * The journal of a server in a folder, while no replication server runs: the program of the replication
 * server does the work and tells of it a line at a time.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JournalSpace, JournalTaskFacts } from '@landfall/model';
import { OperationError, systemClock } from '@landfall/runtime';
import { etaMs } from '../../terminal/eta.ts';
import type { Output } from '../../terminal/output.ts';
import { Progress } from '../../terminal/progress.ts';

const PROGRAM = join(import.meta.dirname, '../../../../replication-server/src/main.ts');

/** Of that program: what should be opened is damaged. */
const EXIT_DAMAGED = 4;

export interface FolderOptions {
  readonly folder: string;
  /** Of the replication server: its key, and its tiers. */
  readonly serverStateDir?: string;
  readonly encryptionKey?: readonly string[];
}

/** As `journal-folder.ts` of the replication server writes them. */
type FolderLine =
  | { readonly kind: 'PROGRESS'; readonly done: number; readonly total: number }
  | { readonly kind: 'SPACE'; readonly space: JournalSpace }
  | { readonly kind: 'TASK'; readonly task: JournalTaskFacts };

export interface FolderResult {
  readonly space?: JournalSpace;
  readonly task?: JournalTaskFacts;
}

/** Errors: JOURNAL_FOLDER_FAILED, JOURNAL_DAMAGED; why was told on standard error. */
export async function workInFolder(
  action: 'stat' | 'verify' | 'compact',
  { folder, serverStateDir, encryptionKey = [] }: FolderOptions,
  output: Output,
): Promise<FolderResult> {
  const state = serverStateDir === undefined ? [] : ['--state-dir', serverStateDir];
  const keys = encryptionKey.flatMap((source) => ['--encryption-key', source]);
  const parameters = ['journal', action, '--folder', folder, ...state, ...keys];
  const progress = new Progress(output, () => systemClock.nowMs());
  const startedAtMs = systemClock.nowMs();
  let result: FolderResult = {};
  const exitCode = await run(parameters, (line) => {
    if (line.kind !== 'PROGRESS') {
      result = line;
      return;
    }
    const { done, total } = line;
    const fraction = total === 0 ? 1 : done / total;
    progress.show({
      label: action,
      fraction,
      ...etaMs({ startedAtMs, nowMs: systemClock.nowMs(), fraction }),
    });
  });
  progress.end();
  if (exitCode === 0) return result;
  if (exitCode === EXIT_DAMAGED) {
    throw new OperationError('JOURNAL_DAMAGED', 'the journal is too damaged to be opened', {
      hint: 'the lines above name the file',
    });
  }
  throw new OperationError('JOURNAL_FOLDER_FAILED', `${action} of ${folder} did not come to its end`, {
    hint: 'the lines above say why, and what to do',
  });
}

function run(parameters: readonly string[], onLine: (line: FolderLine) => void): Promise<number> {
  const argv = ['--disable-warning=ExperimentalWarning', PROGRAM, ...parameters];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => onLine(JSON.parse(line) as FolderLine));
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? 1));
  });
}
