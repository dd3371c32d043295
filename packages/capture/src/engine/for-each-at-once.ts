/**
 * Runs `action` for every item, at most `atOnceMax` at a time. The first error stops new ones; it is thrown
 * when those under way have ended, so nothing runs on behind the caller's back.
 */
export async function forEachAtOnce<Item>(
  items: readonly Item[],
  atOnceMax: number,
  action: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const work = async () => {
    while (next < items.length && !failed) {
      const index = next;
      next += 1;
      const item = items[index];
      if (item === undefined) continue;
      try {
        await action(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(atOnceMax, items.length) }, work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
