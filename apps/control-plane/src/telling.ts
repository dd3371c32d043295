/** Everything that tells others what happens: events, their streams, webhooks. */
import type { ArnScope } from '@landfall/api';
import type { Clock, Logger, Random } from '@landfall/runtime';
import { EventHub } from './events/event-hub.ts';
import { EventStreams } from './events/event-streams.ts';
import type { Service } from './service.ts';
import type { WatchedStore } from './store/change-feed.ts';
import { createAddressGuard } from './webhooks/address-guard.ts';
import { WebhookQueue } from './webhooks/webhook-queue.ts';
import { WebhookSender } from './webhooks/webhook-sender.ts';

export interface TellingOptions {
  readonly store: WatchedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly scope: ArnScope;
  /** Networks that webhooks may reach whatever is in them. */
  readonly networks: readonly string[];
  /** The service that these are parts of; asked for when something is sent. */
  readonly service: () => Service;
}

export type Telling = Pick<Service, 'events' | 'streams' | 'webhookGuard' | 'webhookQueue' | 'webhookSender'>;

/** From now on what changes in the store is told. Errors: OPTION_INVALID. */
export async function openTelling(options: TellingOptions): Promise<Telling> {
  const { store, clock, random, log, scope, networks, service } = options;
  const webhookGuard = createAddressGuard(networks);
  const events = new EventHub({ store, clock, log, scope });
  const webhookQueue = new WebhookQueue({ events: events.log, random });
  await webhookQueue.load(store.db);
  events.queueInto((tx, made) => webhookQueue.put(tx, made, clock.nowMs()));
  store.changes.listen(events, log);
  const webhookSender = new WebhookSender(service, webhookGuard);
  return { events, streams: new EventStreams(clock), webhookGuard, webhookQueue, webhookSender };
}

/** Until the signal; resolves when nothing of it is under way any more. */
export async function keepTelling({ events, webhookSender }: Telling, signal: AbortSignal): Promise<void> {
  await Promise.all([events.run(signal), webhookSender.run(signal)]);
}
