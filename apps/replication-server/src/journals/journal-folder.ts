/**
 * `main.ts journal stat|verify|compact --folder DIR`: what is done with the journal in a folder while no
 * replication server has it open. Tells how far it is and what came of it, a JSON object a line; `landfall
 * journal` shows it to people.
 *
 * Nothing is dropped here: which points go depends on what machines read, which only a running server
 * knows. So compact removes what no point sees, and no more.
 */
import { basename } from 'node:path';
import {
  type JournalGroup,
  type KeySource,
  openJournalGroup,
  type RetentionSettings,
  wrappingKeysOf,
} from '@landfall/journal';
import type { JournalSpace, JournalTaskFacts, RetentionTier } from '@landfall/model';
import type { Clock, Logger } from '@landfall/runtime';
import { readStagedServers } from '../staging/file-staged-servers.ts';
import { readRetention } from './file-retention.ts';
import { verifyJournal } from './journal-tasks.ts';
import { scrubFacts } from './scrub-facts.ts';

export interface JournalFolderOptions {
  readonly action: 'stat' | 'verify' | 'compact';
  readonly folder: string;
  /** Of the replication server: its tiers, for stat. */
  readonly stateFolder: string | undefined;
  readonly keySources: readonly KeySource[];
}

export type FolderLine =
  | { readonly kind: 'PROGRESS'; readonly done: number; readonly total: number }
  | { readonly kind: 'SPACE'; readonly space: JournalSpace }
  | { readonly kind: 'TASK'; readonly task: JournalTaskFacts };

export interface FolderContext {
  readonly tell: (line: FolderLine) => void;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Keeps every point, whatever its age. */
const NOTHING_GOES: readonly RetentionTier[] = [{ everyMs: 0, forMs: Number.MAX_SAFE_INTEGER }];

/** Errors: those of opening a journal, JOURNAL_IN_USE first of all; JOURNAL_STORAGE_FAILED. */
export async function runInFolder(options: JournalFolderOptions, context: FolderContext): Promise<void> {
  const group = await openFolder(options, context);
  try {
    if (options.action === 'stat') await stat(group, context);
    else if (options.action === 'verify') await verify(group, context);
    else await compact(group, context);
  } finally {
    await group.close();
  }
}

async function openFolder(
  { action, folder, stateFolder, keySources }: JournalFolderOptions,
  { logger, clock }: FolderContext,
): Promise<JournalGroup> {
  const isStat = action === 'stat' && stateFolder !== undefined;
  const known = isStat ? await retentionIn(stateFolder, basename(folder)) : undefined;
  const retention = action === 'compact' ? { tiers: NOTHING_GOES } : known;
  const wrapping = keySources.length === 0 ? undefined : wrappingKeysOf(keySources, process.env);
  return openJournalGroup({
    ...{ folder, logger, clock },
    ...(retention === undefined ? {} : { retention }),
    ...(wrapping === undefined ? {} : { encryption: { wrapping } }),
  });
}

/** As the replication server would keep it by. */
async function retentionIn(stateFolder: string, sourceServerId: string): Promise<RetentionSettings> {
  const retentionOf = await readRetention(stateFolder);
  const records = await readStagedServers(stateFolder);
  const record = records.find((one) => one.sourceServerId === sourceServerId);
  return retentionOf(sourceServerId, record?.retention);
}

async function stat(group: JournalGroup, { tell, clock }: FolderContext): Promise<void> {
  const pause = async ({ records, recordsTotal }: { records: number; recordsTotal: number }) =>
    tell({ kind: 'PROGRESS', done: records, total: recordsTotal });
  tell({ kind: 'SPACE', space: await group.space({ nowMs: clock.nowMs(), pause }) });
}

async function verify(group: JournalGroup, { tell, logger, clock }: FolderContext): Promise<void> {
  const startedAtMs = clock.nowMs();
  const status = await verifyJournal(group, {
    ...{ logger, clock },
    onProgress: ({ bytesDone, bytesTotal }) => tell({ kind: 'PROGRESS', done: bytesDone, total: bytesTotal }),
  });
  const { bytesDone, bytesTotal, damageCount, damages } = scrubFacts(status);
  const found = { bytesDone, bytesTotal, damageCount, damages };
  const nothing = { bytesBefore: 0, bytesNow: 0, droppedPoints: 0 };
  tellEnd(tell, { ...found, ...nothing, task: 'VERIFY', startedAtMs, endedAtMs: clock.nowMs() });
}

async function compact(group: JournalGroup, { tell, clock }: FolderContext): Promise<void> {
  const startedAtMs = clock.nowMs();
  const bytesBefore = await group.bytesOnDisk();
  for (let hasMore = true; hasMore; ) ({ hasMore } = await group.maintain());
  const bytesNow = await group.bytesOnDisk();
  const nothing = { bytesDone: 0, bytesTotal: 0, damageCount: 0, damages: [], droppedPoints: 0 };
  const ended = { task: 'COMPACT', startedAtMs, endedAtMs: clock.nowMs() } as const;
  tellEnd(tell, { ...nothing, bytesBefore, bytesNow, ...ended });
}

function tellEnd(tell: FolderContext['tell'], task: Omit<JournalTaskFacts, 'state'>): void {
  tell({ kind: 'TASK', task: { ...task, state: 'COMPLETE' } });
}
