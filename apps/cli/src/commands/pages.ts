/** Every item of a listing that comes in pages. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken?: string | undefined;
}

export async function allItems<Item>(
  ask: (page: { readonly nextToken?: string | undefined }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ask({ nextToken });
    items.push(...page.items);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return items;
}
