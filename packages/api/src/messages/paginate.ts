/**
 * Pages of a list that changes while it is read. A token holds the sort key of the last item given, never a
 * position:
 *
 * P1  An item that exists during the whole listing is given exactly once.
 * P2  A token is accepted only for the listing (operation and filters) it was made for, unchanged.
 *
 * Format: base64url of the UTF-8 JSON `[1, checksum, after]`; the checksum is FNV-1a over listing and key.
 * It catches mistakes, not attacks: a forged token shows nothing that the caller could not list anyway.
 */
import { ApiError } from '../api-error.ts';

export const PAGE_ITEMS_MAX = 1000;

const TOKEN_VERSION = 1;

export interface PageRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface PageOptions<Item> {
  /** Names operation and filters, e.g. `DescribeJobs {"fromDate":…}`. */
  readonly listing: string;
  /** Unique among the items and constant for each: the order of the listing. */
  readonly sortKeyOf: (item: Item) => string;
  readonly order?: 'ascending' | 'descending';
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absent at the end. */
  readonly nextToken?: string;
}

/** Sorts and cuts. Throws ValidationException for a token that is damaged or belongs to another listing. */
export function paginate<Item>(
  items: readonly Item[],
  request: PageRequest,
  options: PageOptions<Item>,
): Page<Item> {
  const sign = options.order === 'descending' ? -1 : 1;
  const keyed = items.map((item) => ({ item, key: options.sortKeyOf(item) }));
  keyed.sort((left, right) => sign * compareText(left.key, right.key));
  const after = request.nextToken ? readToken(request.nextToken, options.listing) : undefined;
  const rest = after === undefined ? keyed : keyed.filter(({ key }) => sign * compareText(key, after) > 0);
  const page = rest.slice(0, request.maxResults ?? PAGE_ITEMS_MAX);
  const last = page.at(-1);
  const shown = page.map(({ item }) => item);
  if (last === undefined || page.length === rest.length) return { items: shown };
  return { items: shown, nextToken: writeToken(options.listing, last.key) };
}

/**
 * The page of a listing that the store itself filters, sorts and cuts: `fetch` gives the first items, at most
 * `limit`, behind the one whose sort key is `after`. It throws `invalidPageToken` for a key it cannot have
 * given.
 */
export async function paginateStored<Item>(
  request: PageRequest,
  options: Omit<PageOptions<Item>, 'order'>,
  fetch: (cut: { readonly limit: number; readonly after: string | undefined }) => Promise<readonly Item[]>,
): Promise<Page<Item>> {
  const after = request.nextToken ? readToken(request.nextToken, options.listing) : undefined;
  const size = request.maxResults ?? PAGE_ITEMS_MAX;
  // One more than is shown tells whether there is another page.
  const found = await fetch({ limit: size + 1, after });
  const shown = found.slice(0, size);
  const last = shown.at(-1);
  if (last === undefined || found.length === shown.length) return { items: shown };
  return { items: shown, nextToken: writeToken(options.listing, options.sortKeyOf(last)) };
}

export function invalidPageToken(): ApiError {
  return ApiError.validation('nextToken is not one that this listing gave.', {
    reason: 'fieldValidationFailed',
    fieldList: [{ name: 'nextToken', message: 'is not a token that this listing gave' }],
  });
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function writeToken(listing: string, after: string): string {
  const bytes = new TextEncoder().encode(JSON.stringify([TOKEN_VERSION, checksum(listing, after), after]));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function readToken(token: string, listing: string): string {
  const parsed = parseToken(token);
  if (Array.isArray(parsed) && parsed.length === 3) {
    const [version, sum, after] = parsed as readonly unknown[];
    if (version === TOKEN_VERSION && typeof after === 'string' && sum === checksum(listing, after))
      return after;
  }
  throw invalidPageToken();
}

function parseToken(token: string): unknown {
  try {
    const binary = atob(token.replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(
      new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0))),
    );
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof DOMException) return undefined;
    throw cause;
  }
}

/** FNV-1a, 32 bits. */
function checksum(listing: string, after: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${listing}\n${after}`))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
