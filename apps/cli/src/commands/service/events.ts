/** `landfall events`: what happens, a line each, until it is ended. */
import { type EventType, type Landfall, readServerSentEvents, type ServiceEvent } from '@landfall/api';
import { describeError, OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { patiently } from '../../patiently.ts';
import type { Output } from '../../terminal/output.ts';
import { contextOf, findServer, idOf } from '../context.ts';

interface EventsOptions {
  readonly event?: readonly EventType[];
  readonly server?: string;
  readonly after?: string;
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
    .action(followEvents);
}

async function followEvents(options: EventsOptions, command: Command): Promise<void> {
  const { client, output } = await contextOf(command);
  const { event: eventTypes, server, after } = options;
  const found = server === undefined ? undefined : await findServer(client, server);
  const sourceServerIDs = found === undefined ? undefined : [idOf(found)];
  const position = { lastEventID: after };
  const open = () => client.landfall('StreamEvents', { eventTypes, sourceServerIDs, ...position });
  for (let stream = await open(); ; stream = await patiently(open)) {
    try {
      await showStream(output, stream.content, position);
    } catch (error) {
      if (error instanceof OperationError) throw error;
      output.err(`the stream broke off, it is opened again: ${describeError(error)}\n`);
    }
    await systemClock.sleep(RECONNECT_MS);
  }
}

interface Position {
  lastEventID: string | undefined;
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
