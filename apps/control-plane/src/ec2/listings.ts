/** What listings have in common: items by id or none, filtered, in pages. */
import { ec2Error, paginate } from '@landfall/api';
import { applyFilters, type Filter, type FilterOptions } from './filters.ts';

export interface ListingRequest {
  readonly Filter?: readonly Filter[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

export interface ListingOptions<Item> extends FilterOptions<Item> {
  /** Of the operation. */
  readonly name: string;
  readonly idOf: (item: Item) => string;
  readonly sortKeyOf?: (item: Item) => string;
}

export interface Listing<Item> {
  readonly items: readonly Item[];
  readonly nextToken: string | undefined;
}

export function listPage<Item>(
  all: readonly Item[],
  { Filter, MaxResults, NextToken }: ListingRequest,
  { name, idOf, sortKeyOf = idOf, ...filtering }: ListingOptions<Item>,
): Listing<Item> {
  const page = paginate(
    applyFilters(all, Filter, filtering),
    { maxResults: MaxResults, nextToken: NextToken },
    { listing: `ec2 ${name} ${JSON.stringify(Filter ?? [])}`, sortKeyOf },
  );
  return { items: page.items, nextToken: page.nextToken };
}

export interface WantedOptions<Item> {
  readonly idOf: (item: Item) => string;
  /** EC2's code for one that is not there. */
  readonly notFound: string;
  readonly kind: string;
}

/** Those of these ids, or all without any. Errors: `notFound`. */
export function selectById<Item>(
  all: readonly Item[],
  ids: readonly string[] | undefined,
  { idOf, notFound, kind }: WantedOptions<Item>,
): readonly Item[] {
  if (ids === undefined || ids.length === 0) return all;
  const wanted = new Set(ids);
  const found = all.filter((item) => wanted.has(idOf(item)));
  const known = new Set(found.map(idOf));
  const missing = [...wanted].filter((id) => !known.has(id));
  if (missing.length === 0) return found;
  const [plural, verb] = missing.length === 1 ? ['', 'does'] : ['s', 'do'];
  throw ec2Error(notFound, `The ${kind}${plural} '${missing.join(', ')}' ${verb} not exist`);
}

export function tagSet(tags: Readonly<Record<string, string>> = {}) {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
