/** `landfall journal …`: what the replicas of servers hold. */
import type { Command } from 'commander';
import { addJournalImageCommands } from './journal-images.ts';

export function addJournalCommands(program: Command): void {
  const journal = program.command('journal').description('what the replica of a server holds, and takes');
  addJournalImageCommands(journal);
}
