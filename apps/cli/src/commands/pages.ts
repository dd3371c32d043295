/** Every item of a listing that comes in pages. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken?: string | undefined;
}

const PAGES_MAX = 10_000;

export async function allItems<Item>(
  ask: (page: { readonly nextToken?: string | undefined }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await ask({ nextToken });
    items.push(...page.items);
    nextToken = page.nextToken;
    if (nextToken === undefined) break;
  }
  return items;
}
