/** `landfall webhook …`: events as signed requests to an address. */
import type { EventType, Landfall } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { type Command, Option } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { wholeNumber } from '../options.ts';

const WEBHOOK_COLUMNS: readonly Column<Landfall.Webhook>[] = [
  { title: 'ID', value: ({ webhookID }) => webhookID },
  { title: 'URL', value: ({ url }) => url },
  { title: 'EVENTS', value: ({ eventTypes }) => eventTypes?.join(',') ?? 'all' },
  { title: 'STATE', value: ({ enabled }) => (enabled ? 'on' : 'off') },
  { title: 'QUEUED', value: ({ queued }) => queued },
  { title: 'DROPPED', value: ({ dropped }) => dropped },
];

const DELIVERY_COLUMNS: readonly Column<Landfall.WebhookDelivery>[] = [
  { title: 'CREATED', value: ({ createdDateTime }) => createdDateTime },
  { title: 'EVENT', value: ({ eventType }) => eventType },
  { title: 'RESOURCE', value: ({ resourceID }) => resourceID },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'ATTEMPTS', value: ({ attempts }) => attempts },
  { title: 'STATUS', value: ({ statusCode }) => statusCode },
  { title: 'NEXT', value: ({ nextAttemptDateTime }) => nextAttemptDateTime },
  { title: 'ERROR', value: ({ error }) => error },
];

interface ChangeOptions {
  readonly url?: string;
  readonly event?: readonly EventType[];
  readonly description?: string;
  readonly on?: boolean;
  readonly off?: boolean;
  readonly allEvents?: boolean;
  readonly rotateSecret?: boolean;
}

export function addWebhookCommands(program: Command): void {
  const webhook = program.command('webhook').description('events as signed requests to an address of yours');
  webhook
    .command('create <url>')
    .description('send events to an https address; the secret that signs them is shown once')
    .option('--event <type...>', 'only these events')
    .option('--description <text>', 'what it is for')
    .action(createWebhook);
  webhook.command('list').description('list webhooks').action(listWebhooks);
  webhook
    .command('update <webhookID>')
    .description('change a webhook; it is sent what you may read from then on')
    .option('--url <url>', 'another address')
    .option('--event <type...>', 'only these events')
    .option('--description <text>', 'what it is for')
    .option('--on', 'send again')
    .option('--off', 'send nothing until it is switched on')
    .option('--all-events', 'all events again')
    .option('--rotate-secret', 'a new secret takes the place of the old one')
    .action(updateWebhook);
  webhook
    .command('test <webhookID>')
    .description('send a test and show how it was answered')
    .action(testWebhook);
  webhook
    .command('delete <webhookID>')
    .description('send nothing more, and forget what was to be sent')
    .action(deleteWebhook);
  webhook
    .command('deliveries <webhookID>')
    .description('what was sent, newest first, and what waits')
    .addOption(new Option('--state <state>').choices(['PENDING', 'DELIVERED', 'FAILED', 'WITHHELD']))
    .option('--limit <count>', 'so many at most', wholeNumber, 50)
    .action(listDeliveries);
}

async function createWebhook(url: string, options: ChangeOptions, command: Command): Promise<void> {
  const { client, output } = await contextOf(command);
  const created = await client.landfall('CreateWebhook', {
    ...{ url, eventTypes: options.event, description: options.description },
  });
  showFacts(output, created, [
    ['webhook', created.webhook.webhookID],
    ['secret', created.secret],
    ['', 'keep it: it is not shown again'],
    ['try it', `landfall webhook test ${created.webhook.webhookID}`],
  ]);
}

async function listWebhooks(_options: unknown, command: Command): Promise<void> {
  const { client, output } = await contextOf(command);
  const { items } = await client.landfall('DescribeWebhooks', {});
  showRows(output, items, WEBHOOK_COLUMNS, 'No webhooks. `landfall webhook create URL` makes one.');
}

async function updateWebhook(webhookID: string, options: ChangeOptions, command: Command): Promise<void> {
  const { url, event, allEvents, description, on, off, rotateSecret } = options;
  if (on === true && off === true) {
    throw new OperationError('OPTION_INVALID', '--on and --off exclude each other', { hint: 'give one' });
  }
  const { client, output } = await contextOf(command);
  if (allEvents === true && event !== undefined) {
    throw new OperationError('OPTION_INVALID', '--event and --all-events exclude each other', {
      hint: 'give one',
    });
  }
  const enabled = on === true ? true : off === true ? false : undefined;
  const updated = await client.landfall('UpdateWebhook', {
    ...{ webhookID, url, eventTypes: event, allEventTypes: allEvents, description, enabled, rotateSecret },
  });
  const secret = updated.secret === undefined ? [] : [['secret', updated.secret] as const];
  showFacts(output, updated, [
    ['webhook', webhookID],
    ['url', updated.webhook.url],
    ['events', updated.webhook.eventTypes?.join(', ') ?? 'all'],
    ['state', updated.webhook.enabled ? 'on' : 'off'],
    ...secret,
  ]);
}

/** Errors: WEBHOOK_NOT_ANSWERED. */
async function testWebhook(webhookID: string, _options: unknown, command: Command): Promise<void> {
  const { client, output } = await contextOf(command);
  const { delivery } = await client.landfall('TestWebhook', { webhookID });
  if (delivery.state !== 'DELIVERED') {
    throw new OperationError('WEBHOOK_NOT_ANSWERED', `the test was not taken: ${delivery.error ?? ''}`, {
      hint: 'look at the receiver; it has to answer with a status from 200 to 299 within 10 seconds',
    });
  }
  showFacts(output, delivery, [
    ['delivered', delivery.deliveryID],
    ['status', delivery.statusCode],
  ]);
}

async function deleteWebhook(webhookID: string, _options: unknown, command: Command): Promise<void> {
  const { client, output } = await contextOf(command);
  await client.landfall('DeleteWebhook', { webhookID });
  showFacts(output, { webhookID, deleted: true }, [['deleted', webhookID]]);
}

interface DeliveryOptions {
  readonly state?: Landfall.WebhookDeliveryState;
  readonly limit: number;
}

async function listDeliveries(
  webhookID: string,
  { state, limit }: DeliveryOptions,
  command: Command,
): Promise<void> {
  const { client, output } = await contextOf(command);
  const rows: Landfall.WebhookDelivery[] = [];
  for (let nextToken: string | undefined; rows.length < limit; ) {
    const page = await client.landfall('ListWebhookDeliveries', {
      ...{ webhookID, state, nextToken },
    });
    rows.push(...page.items);
    nextToken = page.nextToken;
    if (nextToken === undefined) break;
  }
  showRows(output, rows.slice(0, limit), DELIVERY_COLUMNS, 'Nothing was sent, and nothing waits.');
}
