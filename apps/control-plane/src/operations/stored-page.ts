/** Pages of what the store lists in the order of its making. */
import { invalidPageToken, type Page, type PageRequest, paginateStored } from '@landfall/api';
import type { Cut, Place } from '../store/listing.ts';

export interface StoredListing<Item> {
  /** Names operation and filters: a token is good for these alone. */
  readonly listing: string;
  readonly placeOf: (item: Item) => Place;
  readonly fetch: (cut: Cut) => Promise<readonly Item[]>;
}

export function pageOfStored<Item>(
  request: PageRequest,
  { listing, placeOf, fetch }: StoredListing<Item>,
): Promise<Page<Item>> {
  return paginateStored(
    request,
    { listing, sortKeyOf: (item) => placeText(placeOf(item)) },
    ({ limit, after }) => fetch({ limit, after: after === undefined ? undefined : placeIn(after) }),
  );
}

/** Of a listing whose items the store has numbered as they came. */
export function pageOfNumbered<Item extends { readonly sequence: number }>(
  request: PageRequest,
  listing: string,
  fetch: (cut: {
    readonly limit: number;
    readonly afterSequence: number | undefined;
  }) => Promise<readonly Item[]>,
): Promise<Page<Item>> {
  const options = { listing, sortKeyOf: ({ sequence }: Item) => String(sequence) };
  return paginateStored(request, options, ({ limit, after }) =>
    fetch({ limit, afterSequence: after === undefined ? undefined : numberIn(after) }),
  );
}

function numberIn(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalidPageToken();
  return Number(text);
}

const TIME_DIGITS = 15;

function placeText({ atMs, id }: Place): string {
  return `${String(atMs).padStart(TIME_DIGITS, '0')} ${id}`;
}

function placeIn(text: string): Place {
  const [, time = '', id = ''] = /^(\d{15}) (.+)$/s.exec(text) ?? [];
  if (id === '') throw invalidPageToken();
  return { atMs: Number(time), id };
}
