/**
 * A mailbox of one: the newest offer is handled when the one before is done; offers in between are dropped.
 */
export interface Mailbox<Item> {
  offer(item: Item): void;
}

export function createMailbox<Item>(
  handle: (item: Item) => Promise<void>,
  onError: (error: unknown) => void,
): Mailbox<Item> {
  let waiting: { readonly item: Item } | undefined;
  let busy = false;
  const drain = async () => {
    busy = true;
    while (waiting !== undefined) {
      const { item } = waiting;
      waiting = undefined;
      try {
        await handle(item);
      } catch (error) {
        onError(error);
      }
    }
    busy = false;
  };
  return {
    offer: (item) => {
      waiting = { item };
      if (!busy) drain();
    },
  };
}
