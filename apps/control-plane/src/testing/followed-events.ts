/** A stream of events that a test reads as it goes. */
import type { TestContext } from 'node:test';
import { type ApiClient, type Landfall, readServerSentEvents, type ServiceEvent } from '@landfall/api';
import { cleanUpAfter } from './clean-up.ts';
import { waitFor } from './wait-for.ts';

export interface FollowedEvents {
  /** `ready`, `resync`, `end`, or the type of an event. */
  readonly names: readonly string[];
  readonly events: readonly ServiceEvent[];
  lastId(): string;
  endReason(): string | undefined;
  isOver(): boolean;
  until(name: string, resourceId?: string): Promise<void>;
}

export async function followEvents(
  t: TestContext,
  api: ApiClient,
  input: Landfall.StreamEventsRequest = {},
): Promise<FollowedEvents> {
  const { content } = await api.landfall('StreamEvents', input);
  const names: string[] = [];
  const events: ServiceEvent[] = [];
  const seen = { id: '', end: undefined as string | undefined, isOver: false };
  const read = async () => {
    for await (const { event, data, id } of readServerSentEvents(content)) {
      seen.id = id;
      if (event === 'end') seen.end = (JSON.parse(data) as { reason: string }).reason;
      const told = event === 'message' ? (JSON.parse(data) as ServiceEvent) : undefined;
      if (told !== undefined) events.push(told);
      names.push(told?.type ?? event);
    }
  };
  const reading = read()
    .catch((error: unknown) => void names.push(`broken: ${error}`))
    .finally(() => {
      seen.isOver = true;
    });
  cleanUpAfter(t, async () => {
    if (Symbol.asyncDispose in content && !seen.isOver) (content as unknown as { destroy(): void }).destroy();
    await reading;
  });
  return {
    ...{ names, events, lastId: () => seen.id, endReason: () => seen.end, isOver: () => seen.isOver },
    until: async (name, resourceId) => {
      const isThere = () =>
        resourceId === undefined
          ? names.includes(name)
          : events.some((event) => event.type === name && event.resourceId === resourceId);
      await waitFor(`${name} ${resourceId ?? ''} among ${names}`, isThere, Boolean);
    },
  };
}
