/**
 * Runs `action` for every item, at most `atOnceMax` at a time; the results are in the order of the items. The
 * first error stops new ones; it is thrown when those under way have ended, so nothing runs on behind the
 * caller's back.
 */
export async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  atOnceMax: number,
  action: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const waiting = items.entries();
  const results: Result[] = [];
  let failed = false;
  const work = async () => {
    for (const [index, item] of waiting) {
      if (failed) return;
      try {
        results[index] = await action(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(atOnceMax, items.length) }, work));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}
