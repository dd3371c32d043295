import type { Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { wholeNumber } from '../options.ts';

const COLUMNS: readonly Column<Landfall.AuditEvent>[] = [
  { title: 'TIME', value: (event) => event.eventDateTime },
  { title: 'WHO', value: (event) => event.principal?.split(':').slice(5).join(':') ?? event.accessKeyID },
  { title: 'ACTION', value: (event) => event.action },
  { title: 'RESOURCES', value: (event) => event.resources.map(shortResource).join(' ') },
  { title: 'FROM', value: (event) => event.sourceAddress },
  { title: 'OUTCOME', value: (event) => event.outcome },
  { title: 'REQUEST', value: (event) => event.eventID },
];

const PAGE_EVENTS = 1000;

interface AuditOptions {
  readonly principal?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

export function addAuditCommands(program: Command): void {
  program
    .command('audit')
    .description('the audit log: who called what, newest first')
    .option('--principal <arn>', 'only calls of this user or session')
    .option('--action <action>', 'only calls of this action: mgn:StartTest')
    .option('--outcome <outcome>', 'SUCCESS, STARTED or an exception: AccessDeniedException')
    .option('--from <time>', 'not before: 2026-01-31T12:00:00Z')
    .option('--to <time>', 'not after')
    .option('--limit <count>', 'at most so many', wholeNumber, 100)
    .action(async (options: AuditOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const { principal, action, outcome, from: fromDateTime, to: toDateTime, limit } = options;
      const filters = { principal, action, outcome, fromDateTime, toDateTime };
      const events: Landfall.AuditEvent[] = [];
      let nextToken: string | undefined;
      while (events.length < limit) {
        const maxResults = Math.min(PAGE_EVENTS, limit - events.length);
        const page = await client.landfall('ListAuditEvents', { ...filters, maxResults, nextToken });
        events.push(...page.items);
        nextToken = page.nextToken;
        if (nextToken === undefined) break;
      }
      showRows(output, events, COLUMNS, 'No calls that fit.');
    });
}

/** `source-server/s-…` of its ARN. */
function shortResource(resource: string): string {
  return resource.startsWith('arn:') ? resource.split(':').slice(5).join(':') : resource;
}
