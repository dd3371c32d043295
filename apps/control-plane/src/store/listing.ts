/**
 * Listings that the database filters, sorts and cuts. Their order is that of making: by time, and by id where
 * that is the same; so a page begins behind the place of an item, whatever was added or removed meanwhile.
 */
import { type Expression, type SqlBool, sql } from 'kysely';

/** Of an item in its listing. */
export interface Place {
  readonly atMs: number;
  readonly id: string;
}

export interface Cut {
  readonly limit: number;
  /** Only what comes behind it. */
  readonly after?: Place | undefined;
}

interface PlaceColumns {
  readonly at: string;
  readonly id: string;
}

/** As one comparison, which an index over both columns answers. */
export function isBehind(
  { at, id }: PlaceColumns,
  place: Place,
  order: 'ascending' | 'descending' = 'ascending',
): Expression<SqlBool> {
  const than = sql.raw(order === 'ascending' ? '>' : '<');
  return sql<SqlBool>`(${sql.ref(at)}, ${sql.ref(id)}) ${than} (${place.atMs}, ${place.id})`;
}
