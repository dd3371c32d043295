/** `landfall events`: what happens, a line each, until it is ended. */
import { type EventType, type Landfall, readServerSentEvents, type ServiceEvent } from '@landfall/api';
import { describeError, OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { patiently } from '../../patiently.ts';
import type { Output } from '../../terminal/output.ts';
import { contextOf, findServer, idOf } from '../context.ts';
import { wholeNumber } from '../options.ts';

interface EventsOptions {
  readonly event?: readonly EventType[];
  readonly server?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** Between the end of a stream and the next. */
const RECONNECT_MS = 1000;

export function addEventsCommand(program: Command): void {
  program
    .command('events')
    .description('follow what happens: servers, jobs, machines, recovery points, proofs')
    .option('--event <type...>', 'only these events')
    .option('--server <server>', 'only what belongs to this server (id or host name)')
    .option('--after <eventID>', 'go on after an event that was seen')
    .option('--limit <count>', 'end after so many; else it goes on until it is ended', wholeNumber)
    .action(followEvents);
}

async function followEvents(options: EventsOptions, command: Command): Promise<void> {
  const { client, output } = await contextOf(command);
  const { event: eventTypes, server, after, limit = Number.POSITIVE_INFINITY } = options;
  const found = server === undefined ? undefined : await findServer(client, server);
  const sourceServerIDs = found === undefined ? undefined : [idOf(found)];
  const position: Position = { lastEventID: after, left: limit };
  const open = () =>
    client.landfall('StreamEvents', {
      ...{ eventTypes, sourceServerIDs, lastEventID: position.lastEventID },
    });
  for (let stream = await open(); position.left > 0; stream = await patiently(open)) {
    try {
      await showStream(output, stream.content, position);
    } catch (error) {
      if (error instanceof OperationError) throw error;
      output.err(`the stream broke off, it is opened again: ${describeError(error)}\n`);
    }
    if (position.left <= 0) return;
    await systemClock.sleep(RECONNECT_MS);
  }
}

interface Position {
  lastEventID: string | undefined;
  /** Events, and words that some are gone, that are still to be shown. */
  left: number;
}

/** Until it ends; `position` is where to go on. Errors: EVENTS_ENDED. */
async function showStream(
  output: Output,
  content: AsyncIterable<Uint8Array>,
  position: Position,
): Promise<void> {
  for await (const { event, data, id } of readServerSentEvents(content)) {
    if (id !== '') position.lastEventID = id;
    if (event === 'message') showEvent(output, JSON.parse(data) as ServiceEvent);
    if (event === 'resync') output.err('some events are gone: look at everything again\n');
    if (event === 'end') checkEnd((JSON.parse(data) as { reason: Landfall.StreamEndReason }).reason);
    if (event === 'message' || event === 'resync') position.left -= 1;
    if (position.left <= 0) return;
  }
}

function checkEnd(reason: Landfall.StreamEndReason): void {
  if (reason === 'SERVER_STOPS') return;
  throw new OperationError('EVENTS_ENDED', `the stream of events has ended: ${reason}`, {
    hint: 'use credentials that are valid and may call landfall:StreamEvents',
  });
}

function showEvent({ json, out }: Output, event: ServiceEvent): void {
  const { eventTime, type, resourceId, summary } = event;
  out(json ? `${JSON.stringify(event)}\n` : `${eventTime}  ${type.padEnd(22)}  ${resourceId}  ${summary}\n`);
}
