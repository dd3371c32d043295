/** `landfall journal …`: what the replicas of servers hold, and take. */
import type { Command } from 'commander';
import { addMarkCommands } from '../recovery-point/recovery-points.ts';
import { addJournalImageCommands } from './journal-images.ts';
import { addJournalSpaceCommands } from './journal-space.ts';

export function addJournalCommands(program: Command): void {
  const journal = program.command('journal').description('what the replica of a server holds, and takes');
  addJournalSpaceCommands(journal);
  addJournalImageCommands(journal);
  addMarkCommands(journal);
}
